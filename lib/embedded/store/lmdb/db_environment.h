/* db_environment.h - opening, closing and repairing the LMDB environment of a handle */
#ifndef MQS_EMBEDDED_STORE_LMDB_DB_ENVIRONMENT_H
#define MQS_EMBEDDED_STORE_LMDB_DB_ENVIRONMENT_H

#include "embedded/store/lmdb/handle.h"

/* The gate around opening and closing (rule 8.1); nothing for a private file. */
int	mqs_env_take_gate(struct mqs_db *, const struct mqs_options *, struct mqs_error *err);
void	mqs_env_give_gate(struct mqs_db *);
/* Opens the environment and its tables; make: a new file.  The caller has the gate. */
int	mqs_env_open(struct mqs_db *, int make, struct mqs_error *err);
void	mqs_env_close(struct mqs_db *);

/* Ends the read transactions of a handle; renewing one begins it anew. */
void	mqs_env_detach_readers(struct mqs_db *);
/* Reopens the environment if an error broke it; maps the file if its map was given back. */
int	mqs_env_usable(struct mqs_db *, struct mqs_error *err);
/* Removes the cause for which a transaction could not begin: MQS_OK to try again. */
int	mqs_env_recover(struct mqs_db *, int error, struct mqs_error *err);
/* Frees the reader slots of processes that were killed. */
int	mqs_env_free_dead_readers(struct mqs_db *, struct mqs_error *err);

#endif
