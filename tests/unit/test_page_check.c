/*
 * test_page_check.c - the walk over all pages of an LMDB file
 *
 * It finds nothing in files that LMDB wrote, whatever was done to them; and it ends, and
 * finds something, wherever a number that leads it on was changed.
 */
#include <sys/mman.h>

#include "db_file.h"
#include "embedded/store/lmdb/db_page_check.h"

static unsigned told;
static uint64_t told_page;

static void
note(void *arg, uint64_t page, const char *text)
{
	if (arg != NULL)
		printf("# page %" PRIu64 " %s\n", page, text);
	told++;
	told_page = page;
}

/* The findings in an open file, which must have none. */
static void
check_whole(struct mqs_db *db)
{
	int unsafe;

	told = 0;
	check_int(mqs_db_check_pages(db, note, db, &unsafe, &err), 0);
	check_u64(told, 0);
	check_int(unsafe, 0);
}

static unsigned char noise[40000];

/* Puts and deletes at random, values of all sizes. */
static void
change(struct mqs_db *db, unsigned *seed)
{
	struct mqs_tx *tx;
	unsigned i, n = 1 + (unsigned)rand_r(seed) % 40, table;
	unsigned char key[8];
	uint64_t k;
	size_t size;
	int rc;

	must(mqs_tx_write(db, 0, &tx, &err) == 0);
	for (i = 0; i < n; i++) {
		k = (uint64_t)rand_r(seed) % 600;
		mqs_put_be64(key, k * UINT64_C(0x9e3779b97f4a7c15));
		table = (unsigned)rand_r(seed) % 3;
		size = (size_t)rand_r(seed) % (rand_r(seed) % 8 == 0 ? sizeof(noise) : 300);
		if (rand_r(seed) % 3 == 0)
			rc = mqs_tx_del(tx, table, key, 2 + k % 7, &err);
		else
			rc = mqs_tx_put(tx, table, key, 2 + k % 7, noise, size, &err);
		must(rc >= 0);
	}
	must(mqs_tx_commit(tx, &err) == 0);
}

static void
test_whole(void)
{
	struct mqs_db *db = fresh();
	struct mqs_tx *reader;
	unsigned seed = 1, i;

	check_whole(db);
	for (i = 0; i < 400; i++) {
		/* Snapshots that last keep pages from being used again. */
		if (i % 50 == 0)
			must(mqs_tx_read(db, &reader, &err) == 0);
		change(db, &seed);
		if (i % 5 == 0)
			check_whole(db);
		if (i % 50 == 30)
			mqs_tx_abort(reader);
	}
	finish(db);
}

/* A file in memory: a copy of the test's. */
static unsigned char *image;
static size_t image_size;
static int image_fd;
static struct mqs_data_file data;
static struct mqs_page_meta meta;

static void
load_image(void)
{
	struct mqs_db *db = fresh();
	unsigned seed = 7, i;
	int fd;

	for (i = 0; i < 60; i++)
		change(db, &seed);
	check_whole(db);
	mqs_db_close(db);
	must((fd = openat(dir.fd, "t.mdb", O_RDONLY)) != -1);
	image_size = file_size();
	must((image = malloc(image_size)) != NULL);
	must(read(fd, image, image_size) == (ssize_t)image_size);
	close(fd);
	must((image_fd = memfd_create("image", MFD_CLOEXEC)) != -1);
	must(write(image_fd, image, image_size) == (ssize_t)image_size);
	must(mqs_dbfile_read(image_fd, "image", &data, &err) == 0);
	must(mqs_dbfile_meta(image_fd, "image", data.page_size, data.tx, &meta, &err) == 0);
}

static void
drop_image(void)
{
	close(image_fd);
	free(image);
	teardown();
}

static int
walk_image(unsigned *unsafe)
{
	told = 0;
	return mqs_pages_check(image_fd, "image", &meta, MQS_PAGES_ALL, note, NULL, unsafe,
	    &err);
}

/* Every page that is in use: a change of its number or kind is found. */
static void
test_every_page(void)
{
	struct mqs_page_header *header;
	uint64_t page, found = 0;
	unsigned unsafe;
	size_t at;

	load_image();
	check_int(walk_image(&unsafe), 0);
	for (page = 2; page <= meta.last_page; page++) {
		at = page * data.page_size;
		header = (struct mqs_page_header *)(image + at);
		header->number ^= 1;
		must(pwrite(image_fd, header, sizeof(*header), (off_t)at) > 0);
		header->number ^= 1;
		if (walk_image(&unsafe) > 0) {
			found++;
			check_u64(told_page, page);
			check(unsafe > 0);
		}
		must(pwrite(image_fd, header, sizeof(*header), (off_t)at) > 0);
	}
	check(found > 20);
	check_int(walk_image(&unsafe), 0);
	drop_image();
}

static void
test_flipped_bits(void)
{
	unsigned seed = 3, unsafe, found = 0;
	unsigned char *byte, good;
	size_t at;
	int i;

	load_image();
	for (i = 0; i < 4000; i++) {
		at = 2 * data.page_size + (size_t)rand_r(&seed) % (data.needed - 2 * data.page_size);
		if (i % 2 == 0)
			at = at / data.page_size * data.page_size + at % 48;
		byte = image + at;
		good = (unsigned char)(*byte ^ 1u << rand_r(&seed) % 8);
		must(pwrite(image_fd, &good, 1, (off_t)at) == 1);
		found += walk_image(&unsafe) > 0;
		must(pwrite(image_fd, byte, 1, (off_t)at) == 1);
	}
	if (!check(found > 200))
		printf("# %u\n", found);
	check_int(walk_image(&unsafe), 0);
	drop_image();
}

/* The descriptor of a tree: each number in it matters. */
static void
test_descriptor(void)
{
	const struct mqs_page_meta whole_meta = (load_image(), meta);
	struct mqs_page_tree *tree = &meta.trees[MQS_TREE_MAIN];
	unsigned unsafe;

	tree->entries++;
	check_int(walk_image(&unsafe), 1);
	check_int(unsafe, 0);
	meta = whole_meta;
	tree->leaf--;
	check_int(walk_image(&unsafe), 1);
	meta = whole_meta;
	tree->depth++;
	check(walk_image(&unsafe) > 0);
	meta = whole_meta;
	tree->depth = 33;
	check(walk_image(&unsafe) > 0);
	meta = whole_meta;
	tree->root = meta.last_page + 1;
	check(walk_image(&unsafe) > 0);
	meta = whole_meta;
	tree->root = meta.trees[MQS_TREE_FREE].root;	/* used twice */
	check(walk_image(&unsafe) > 0);
	meta = whole_meta;
	tree->flags = 4;
	check(walk_image(&unsafe) > 0);
	meta = whole_meta;
	meta.last_page = 5;
	check(walk_image(&unsafe) > 0);
	meta = whole_meta;
	drop_image();
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(noise); i++)
		noise[i] = (unsigned char)(i * 2654435761u >> 24);
	run_test("files as LMDB wrote them have no findings", test_whole);
	run_test("every page in use is met", test_every_page);
	run_test("bits that changed anywhere", test_flipped_bits);
	run_test("descriptors of trees", test_descriptor);
	return finish_tests();
}
