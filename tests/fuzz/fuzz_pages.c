/* fuzz_pages.c - any bytes as an LMDB file: the check of its pages ends, and reads nothing else */
#include <sys/mman.h>

#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "embedded/store/lmdb/data_file.h"
#include "embedded/store/lmdb/page_check.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mqs_data_file file;
	struct mqs_page_meta meta;
	unsigned unsafe;
	int fd;

	if ((fd = memfd_create("pages", MFD_CLOEXEC)) == -1)
		return 0;
	if (write(fd, data, size) == (ssize_t)size &&
	    mqs_dbfile_read(fd, "file", &file, NULL) == MQS_OK &&
	    mqs_dbfile_meta(fd, "file", file.page_size, file.tx, &meta, NULL) == MQS_OK) {
		(void)mqs_pages_check(fd, "file", &meta, MQS_PAGES_ALL, NULL, NULL, &unsafe, NULL);
		(void)mqs_pages_check(fd, "file", &meta, MQS_PAGES_MAIN, NULL, NULL, &unsafe, NULL);
	}
	close(fd);
	return 0;
}
