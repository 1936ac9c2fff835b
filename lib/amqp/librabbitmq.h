/*
 * librabbitmq.h - the client library's headers, wherever it has them
 *
 * Since 0.14 they are in a folder of their own, and the old names warn that they are deprecated.
 */
#ifndef MQS_AMQP_LIBRABBITMQ_H
#define MQS_AMQP_LIBRABBITMQ_H

#ifdef __has_include
#if __has_include(<rabbitmq-c/amqp.h>)
#define MQS_AMQP_OWN_FOLDER
#endif
#endif

#ifdef MQS_AMQP_OWN_FOLDER
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#include <rabbitmq-c/ssl_socket.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#endif

#endif
