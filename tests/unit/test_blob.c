/* test_blob.c - large bodies: whole or not there */
#include "blobs.h"

#define BIG	((size_t)3 * 1024 * 1024 + 5)

static unsigned char *big;

static int
big_file(void)
{
	int fd = open(dir.path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	must(fd != -1);
	must(write(fd, big, BIG) == (ssize_t)BIG);
	return fd;
}

static void
test_write(void)
{
	struct mqs_blob *blob;
	struct mqs_blob_ref ref;
	size_t at, n;
	int fd;

	make_tree(&dir);
	blob = new_blob();
	for (at = 0, n = 1; at < BIG; at += n, n = n * 3 + 1) {
		if (n > BIG - at)
			n = BIG - at;
		check_int(mqs_blob_write(blob, big + at, n, &err), 0);
		check_u64(mqs_blob_size(blob), at + n);
	}
	check_int(mqs_blob_finish(blob, &ref, &err), 0);
	check(ref.name != 0);
	check_u64(ref.size, BIG);
	check_u64(ref.hash, XXH3_64bits(big, BIG));
	check_int(mqs_blob_write(blob, "x", 1, &err), MQS_EBUG);
	mqs_blob_free(blob, 1);
	if (check_int(mqs_blob_open(&dir, &ref, 1, &fd, &err), 0)) {
		check(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		check_int(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY);
		check_content(fd, big, BIG);
		close(fd);
	}
	check_int(tree_entries(&dir, "blob"), 1);
	check_int(mqs_blob_unlink(&dir, ref.name, &err), 0);
	check_int(mqs_blob_unlink(&dir, ref.name, &err), 0);
	check_int(mqs_blob_open(&dir, &ref, 0, &fd, &err), MQS_NOTHING);
	drop_tree(&dir);
}

static void
test_empty(void)
{
	struct mqs_blob *blob;
	struct mqs_blob_ref ref;
	int fd;

	make_tree(&dir);
	blob = new_blob();
	check_int(mqs_blob_write(blob, NULL, 0, &err), 0);
	check_int(mqs_blob_finish(blob, &ref, &err), 0);
	check_u64(ref.size, 0);
	mqs_blob_free(blob, 1);
	check_int(mqs_blob_open(&dir, &ref, 1, &fd, &err), 0);
	close(fd);
	mqs_blob_free(NULL, 0);
	drop_tree(&dir);
}

static void
test_copy(void)
{
	struct mqs_blob *blob;
	struct mqs_blob_ref ref;
	int file, fd;

	make_tree(&dir);
	file = big_file();
	must(lseek(file, 77, SEEK_SET) == 77);
	blob = new_blob();
	/* A part of the file, after what was written. */
	check_int(mqs_blob_write(blob, big, 3, &err), 0);
	check_int(mqs_blob_copy(blob, file, 10, &err), 0);
	check_u64(mqs_blob_size(blob), 13);
	mqs_blob_free(blob, 0);
	check_int(tree_entries(&dir, "blob"), 0);
	blob = new_blob();
	check_int(mqs_blob_copy(blob, file, BIG, &err), 0);
	check_int(lseek(file, 0, SEEK_CUR), 77);	/* it is the caller's */
	check_int(mqs_blob_finish(blob, &ref, &err), 0);
	check_u64(ref.size, BIG);
	check_u64(ref.hash, XXH3_64bits(big, BIG));
	mqs_blob_free(blob, 1);
	if (check_int(mqs_blob_open(&dir, &ref, 1, &fd, &err), 0)) {
		check_content(fd, big, BIG);
		close(fd);
	}
	close(file);
	drop_tree(&dir);
}

/* The kernel does not copy from devices. */
static void
test_copy_by_hand(void)
{
	unsigned char *zeros = calloc(1, 1000000);
	struct mqs_blob *blob;
	struct mqs_blob_ref ref;
	int file, fd;

	make_tree(&dir);
	must(zeros != NULL && (file = open("/dev/zero", O_RDONLY | O_CLOEXEC)) != -1);
	blob = new_blob();
	check_int(mqs_blob_copy(blob, file, 1000000, &err), 0);
	check_int(mqs_blob_finish(blob, &ref, &err), 0);
	check_u64(ref.hash, XXH3_64bits(zeros, 1000000));
	mqs_blob_free(blob, 1);
	if (check_int(mqs_blob_open(&dir, &ref, 1, &fd, &err), 0)) {
		check_content(fd, zeros, 1000000);
		close(fd);
	}
	free(zeros);
	close(file);
	drop_tree(&dir);
}

static void
test_short_source(void)
{
	struct mqs_blob *blob;
	struct mqs_blob_ref ref;
	int file;

	make_tree(&dir);
	file = big_file();
	blob = new_blob();
	check_int(mqs_blob_copy(blob, file, BIG + 1, &err), MQS_EDATA);
	check_str(err.text, "body: ended after 3145733 of 3145734 bytes");
	check_int(tree_entries(&dir, "blob"), 0);
	/* What failed stays failed, for the same reason. */
	memset(&err, 0, sizeof(err));
	check_int(mqs_blob_write(blob, "x", 1, &err), MQS_EDATA);
	check_int(mqs_blob_copy(blob, file, 1, NULL), MQS_EDATA);
	check_int(mqs_blob_finish(blob, &ref, &err), MQS_EDATA);
	check_str(err.text, "body: ended after 3145733 of 3145734 bytes");
	mqs_blob_free(blob, 1);
	/* A file that can't be read. */
	close(file);
	must((file = open("/", O_RDONLY | O_CLOEXEC)) != -1);
	blob = new_blob();
	check_int(mqs_blob_copy(blob, file, 5, &err), MQS_EIO);
	mqs_blob_free(blob, 0);
	close(file);
	drop_tree(&dir);
}

static void
test_cut_meanwhile(void)
{
	struct mqs_blob *blob;
	struct mqs_blob_ref ref;
	DIR *list;
	struct dirent *entry;

	make_tree(&dir);
	blob = new_blob();
	must(mqs_blob_write(blob, "1234567", 7, &err) == 0);
	must((list = fdopendir(dup(dir.blob))) != NULL);
	while ((entry = readdir(list)) != NULL) {
		if (entry->d_name[0] != '.') {
			int fd = openat(dir.blob, entry->d_name, O_WRONLY);

			must(fd != -1 && ftruncate(fd, 6) == 0);
			close(fd);
		}
	}
	closedir(list);
	check_int(mqs_blob_finish(blob, &ref, &err), MQS_EIO);
	check_int(tree_entries(&dir, "blob"), 0);
	mqs_blob_free(blob, 1);
	drop_tree(&dir);
}

static void
test_damage(void)
{
	struct mqs_blob_ref ref;
	int fd, file;

	make_tree(&dir);
	ref = keep("0123456789");
	must((file = open(blob_path(ref.name), O_RDWR | O_CLOEXEC)) != -1);
	must(pwrite(file, "x", 1, 5) == 1);
	check_int(mqs_blob_open(&dir, &ref, 0, &fd, &err), 0);
	close(fd);
	check_int(mqs_blob_open(&dir, &ref, 1, &fd, &err), MQS_EDAMAGED);
	check_int(fd, -1);
	check(strncmp(err.text, blob_path(ref.name), strlen(blob_path(ref.name))) == 0);
	must(ftruncate(file, 9) == 0);
	check_int(mqs_blob_open(&dir, &ref, 0, &fd, &err), MQS_EDAMAGED);
	check(strstr(err.text, ": has 9 bytes, not 10") != NULL);
	close(file);
	must(unlink(blob_path(ref.name)) == 0);
	must(mkfifo(blob_path(ref.name), 0600) == 0);
	check_int(mqs_blob_open(&dir, &ref, 0, &fd, &err), MQS_EDAMAGED);
	drop_tree(&dir);
}

static int
write_beyond_limit(void *arg)
{
	const struct rlimit limit = { 1000, 1000 };
	struct mqs_blob *blob = new_blob();
	struct mqs_blob_ref ref;

	(void)arg;
	signal(SIGXFSZ, SIG_IGN);
	must(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	if (mqs_blob_write(blob, big, 1000, &err) != 0)
		return 1;
	if (mqs_blob_write(blob, big, 1000, &err) != MQS_EIO)
		return 2;
	if (tree_entries(&dir, "blob") != 0)
		return 3;
	return mqs_blob_finish(blob, &ref, &err) == MQS_EIO ? 0 : 4;
}

static void
test_limit(void)
{
	make_tree(&dir);
	check_int(in_child(write_beyond_limit, NULL), 0);
	drop_tree(&dir);
}

static int
fill_disk(void *arg)
{
	struct mqs_blob *blob, *other;
	int file = *(int *)arg;

	if (unshare(CLONE_NEWNS) == -1 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("none", dir.path, "tmpfs", 0, "size=2M") == -1)
		return SKIP;
	close(dir.fd);
	close(dir.blob);
	close(dir.owner);
	dir.fd = tree_folder(AT_FDCWD, dir.path);
	dir.blob = tree_folder(dir.fd, "blob");
	blob = new_blob();
	if (mqs_blob_write(blob, big, BIG, &err) != MQS_EFULL)
		return 1;
	if (strstr(err.text, "/blob/") == NULL || strstr(err.text, ": write: ") == NULL)
		return 2;
	if (tree_entries(&dir, "blob") != 0)
		return 3;
	/* There is room again, before the failed one is freed. */
	other = new_blob();
	if (mqs_blob_write(other, big, BIG / 2, &err) != 0)
		return 4;
	mqs_blob_free(other, 0);
	mqs_blob_free(blob, 0);
	blob = new_blob();
	if (mqs_blob_copy(blob, file, BIG, &err) != MQS_EFULL)
		return 5;
	mqs_blob_free(blob, 0);
	return tree_entries(&dir, "blob") == 0 ? 0 : 6;
}

static void
test_full_disk(void)
{
	int rc, file;

	make_tree(&dir);
	file = big_file();
	rc = in_child(fill_disk, &file);
	if (!skipped(rc, "can't mount a small disk"))
		check_int(rc, 0);
	close(file);
	drop_tree(&dir);
}

static void
test_permissions(void)
{
	mode_t mask = umask(077);
	struct mqs_blob_ref ref;
	struct stat st;

	make_tree(&dir);
	must(fchmod(dir.blob, 02770) == 0);
	ref = keep("x");
	must(stat(blob_path(ref.name), &st) == 0);
	check_int(st.st_mode & 07777, 0660);
	umask(mask);
	drop_tree(&dir);
}

int
main(void)
{
	size_t i;

	must((big = malloc(BIG)) != NULL);
	for (i = 0; i < BIG; i++)
		big[i] = (unsigned char)(i * 2654435761u >> 24);
	run_test("written in pieces, read whole, removed", test_write);
	run_test("an empty one", test_empty);
	run_test("copied from a file by the kernel", test_copy);
	run_test("copied by hand where the kernel can't", test_copy_by_hand);
	run_test("a source that is too short spoils it", test_short_source);
	run_test("a file that was cut meanwhile does not finish", test_cut_meanwhile);
	run_test("damage is found", test_damage);
	run_test("a file size limit removes it", test_limit);
	run_test("a full disk removes it, and gets the room back", test_full_disk);
	run_test("permissions are the folder's, not the umask's", test_permissions);
	free(big);
	return finish_tests();
}
