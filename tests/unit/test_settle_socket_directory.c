/*
 * test_settle_socket_directory.c - where the sockets of consumers are, and who may use them
 */
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <fcntl.h>

#include "check.h"
#include "engine/settle_socket_file.h"
#include "settle_consumer.h"

static struct mqs_error err;

static int
make(void)
{
	struct mqs_settle_directory d;
	int rc = mqs_settle_directory_make(&d, &err);

	if (rc == MQS_OK)
		mqs_settle_directory_close(&d);
	return rc;
}

static void
test_made(void)
{
	const char *runtime = runtime_dir();
	struct mqs_settle_directory d;
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/mq", runtime);
	must(mqs_settle_directory_make(&d, &err) == MQS_OK);
	check_str(d.path, path);
	mqs_settle_directory_close(&d);
	must(stat(path, &st) == 0);
	check_int(st.st_mode & 0777, 0700);
	check_int(make(), MQS_OK);
	remove_runtime_dir(runtime);
}

static void
test_not_ours(void)
{
	const char *runtime = runtime_dir();
	struct mqs_settle_token token = mqs_settle_token_new();
	char path[128], real[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/mq", runtime);
	(void)snprintf(real, sizeof(real), "%s/real", runtime);
	must(mkdir(path, 0755) == 0 && chmod(path, 0755) == 0);
	check_int(make(), MQS_EPERM);
	check(strncmp(err.text, path, strlen(path)) == 0 &&
	    strstr(err.text, "XDG_RUNTIME_DIR") != NULL);
	check_int(mqs_settle_socket_connect(token, &fd, &err), MQS_EPERM);
	must(chmod(path, 0710) == 0);
	check_int(make(), MQS_EPERM);
	must(rmdir(path) == 0);
	must(mkdir(real, 0700) == 0 && symlink(real, path) == 0);
	check_int(make(), MQS_EPERM);
	check_int(mqs_settle_socket_connect(token, &fd, &err), MQS_EPERM);
	must(unlink(path) == 0);
	must((fd = open(path, O_CREAT | O_WRONLY, 0600)) != -1 && close(fd) == 0);
	check_int(make(), MQS_EPERM);
	if (geteuid() == 0) {
		must(unlink(path) == 0 && mkdir(path, 0700) == 0);
		must(chown(path, 65534, (gid_t)-1) == 0);
		check_int(make(), MQS_EPERM);
	}
	remove_runtime_dir(runtime);
}

/* Where XDG_RUNTIME_DIR names nothing, as after su(1), there is /tmp. */
static void
test_elsewhere(void)
{
	static const char *const nowhere[] = { "/nonexistent/folder", "relative", "", NULL };
	char path[64];
	struct stat st;
	size_t i;
	int there;

	(void)snprintf(path, sizeof(path), "/tmp/mq-%lu", (unsigned long)geteuid());
	there = lstat(path, &st) == 0;
	for (i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		struct mqs_settle_directory d = { .fd = -1 };
		struct mqs_settle_token token = mqs_settle_token_new();
		int listening = -1, fd = -1;

		if (nowhere[i] == NULL)
			must(unsetenv("XDG_RUNTIME_DIR") == 0);
		else
			must(setenv("XDG_RUNTIME_DIR", nowhere[i], 1) == 0);
		if (!check_int(mqs_settle_directory_make(&d, &err), MQS_OK))
			continue;
		check_str(d.path, path);
		check_int(mqs_settle_socket_listen(&d, token, &listening, &err), MQS_OK);
		check_int(mqs_settle_socket_connect(token, &fd, &err), MQS_OK);
		(void)close(fd);
		(void)close(listening);
		mqs_settle_socket_remove(&d, token);
		check_int(mqs_settle_socket_connect(token, &fd, &err), MQS_ESTALE);
		mqs_settle_directory_close(&d);
	}
	if (!there)
		(void)rmdir(path);
}

/* Longer than the address of a socket can be. */
static void
test_long_path(void)
{
	const char *runtime = runtime_dir();
	char path[256];
	struct test_consumer c;
	int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/%0150d", runtime, 0);
	must(mkdir(path, 0700) == 0 && setenv("XDG_RUNTIME_DIR", path, 1) == 0);
	start_consumer(&c);
	check_int(mqs_settle_socket_connect(c.token, &fd, &err), MQS_OK);
	(void)close(fd);
	end_consumer(&c);
	check_int(mqs_settle_socket_connect(c.token, &fd, &err), MQS_ESTALE);
	start_consumer(&c);	/* sweeps */
	end_consumer(&c);
	remove_runtime_dir(runtime);
}

/* A process that is gone, for a token. */
static struct mqs_settle_token
dead_token(void)
{
	struct mqs_settle_token token;
	int fds[2];
	pid_t pid;

	must(pipe(fds) == 0 && (pid = fork()) != -1);
	if (pid == 0) {
		token = mqs_settle_token_new();
		must(write(fds[1], &token, sizeof(token)) == sizeof(token));
		_exit(0);
	}
	must(read(fds[0], &token, sizeof(token)) == sizeof(token));
	must(waitpid(pid, NULL, 0) == pid);
	(void)close(fds[0]);
	(void)close(fds[1]);
	return token;
}

/* 1 if the directory has an entry of that name. */
static int
has(const struct mqs_settle_directory *d, const char *name)
{
	struct stat st;

	return fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
test_sweep(void)
{
	const char *runtime = runtime_dir();
	struct mqs_settle_token dead = dead_token(), alive = dead_token(),
	    mine = mqs_settle_token_new(), other = mqs_settle_token_new();
	char name[MQS_SETTLE_TOKEN_SIZE], fresh[64];
	struct mqs_settle_directory d;
	int fd, still, fd_mine;

	must(mqs_settle_directory_make(&d, &err) == MQS_OK);
	must(mqs_settle_socket_listen(&d, dead, &fd, &err) == MQS_OK);
	(void)close(fd);
	/* As of a container, where the process has another number. */
	must(mqs_settle_socket_listen(&d, alive, &still, &err) == MQS_OK);
	/* An earlier process of this one's number, and another consumer of this one. */
	must(mqs_settle_socket_listen(&d, mine, &fd, &err) == MQS_OK);
	(void)close(fd);
	must(mqs_settle_socket_listen(&d, other, &fd_mine, &err) == MQS_OK);
	/* What is no socket, and has a name that is none of a token. */
	must(close(openat(d.fd, "0123456789abcdef", O_CREAT | O_WRONLY, 0600)) == 0);
	must(close(openat(d.fd, "note", O_CREAT | O_WRONLY, 0600)) == 0);
	mqs_settle_socket_sweep(&d);
	check(!has(&d, mqs_settle_token_format(dead, name)));
	check(has(&d, mqs_settle_token_format(alive, name)));
	check(!has(&d, mqs_settle_token_format(mine, name)));
	check(has(&d, mqs_settle_token_format(other, name)));
	check(has(&d, "0123456789abcdef") && has(&d, "note"));
	/* Killed between bind and rename. */
	must(mqs_settle_socket_listen(&d, dead, &fd, &err) == MQS_OK);
	(void)close(fd);
	(void)snprintf(fresh, sizeof(fresh), "%s.new", mqs_settle_token_format(dead, name));
	must(renameat(d.fd, name, d.fd, fresh) == 0);
	mqs_settle_socket_sweep(&d);
	check(!has(&d, fresh));
	(void)close(still);
	(void)close(fd_mine);
	mqs_settle_directory_close(&d);
	remove_runtime_dir(runtime);
}

int
main(void)
{
	run_test("the directory is made", test_made);
	run_test("one that others can reach is refused", test_not_ours);
	run_test("without a runtime directory", test_elsewhere);
	run_test("a long path", test_long_path);
	run_test("sockets of dead consumers are removed", test_sweep);
	return finish_tests();
}
