/* What memfs.c (names and attributes), memdir.c (directory entries) and memdata.c
 * (contents) share. */
#ifndef WEFT_MEMFS_H
#define WEFT_MEMFS_H

#include "sys.h"

typedef struct mem_node mem_node;

/* ---- directory entries (memdir.c); all under the mount's lock --------------------- */

typedef struct mem_entry {
  struct mem_entry *next; /* in its hash bucket */
  mem_node *node;         /* owned reference */
  uint64_t cookie;
  uint32_t hash;
  uint16_t length;
  char name[];
} mem_entry;

/* Entries in order of their cookies, which only grow: a cursor is a cookie, and stays
 * meaningful whatever happens to other entries. */
typedef struct mem_directory {
  struct {
    uint64_t cookie;
    mem_entry *entry; /* NULL: removed */
  } *slots;
  size_t used, capacity, live;
  mem_entry **buckets;
  size_t bucket_count; /* a power of two, or 0 */
  uint64_t next_cookie;
} mem_directory;

mem_entry *mem_directory_find(const mem_directory *directory, const char *name);
/* Takes over the reference to `node` when it succeeds. */
int mem_directory_add(mem_directory *directory, const char *name, mem_node *node);
/* Returns the node, whose reference is now the caller's. */
mem_node *mem_directory_remove(mem_directory *directory, mem_entry *entry);
/* The first entry with a cookie of at least `cursor`, or NULL. */
mem_entry *mem_directory_from(const mem_directory *directory, uint64_t cursor);
void mem_directory_free(mem_directory *directory);

/* ---- contents (memdata.c); all under the node's lock --------------------------------- */

#define MEM_CHUNK 65536u

/* Bytes in chunks. A missing chunk is a hole and reads as zeros, and so does what lies
 * between the end of the first chunk, which alone may be shorter, and MEM_CHUNK. */
typedef struct mem_data {
  uint8_t **chunks;
  size_t count;         /* length of `chunks` */
  size_t first_capacity;
  size_t allocated;     /* bytes in all chunks */
  int64_t size;
} mem_data;

/* Moves the bytes that exist; 0 at or after the end. */
ssize_t mem_data_read(const mem_data *data, const struct iovec *iov, int count, int64_t offset);
/* Moves what memory suffices for; -ENOSPC when not even one byte. */
ssize_t mem_data_write(mem_data *data, const struct iovec *iov, int count, int64_t offset);
int mem_data_truncate(mem_data *data, int64_t size);
void mem_data_free(mem_data *data);

#endif
