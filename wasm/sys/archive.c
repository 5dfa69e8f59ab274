/* A read-only file system over a ZIP image that stays in memory as it is, and further images, its parts, that are
 * loaded when the first of their members is opened.
 *
 * The directory tree is built once at mount time from the central directory and never
 * changes, so names and attributes need no lock. A deflated member is inflated by its
 * first opener and freed by its last; the mount's lock guards those buffers. Two
 * threads that open the same member for the first time at once may both inflate it;
 * one result is thrown away.
 *
 * What is in the parts is known from the image, where the member PARTS describes each of them with its central directory
 * (cpython-build/stdlib.py writes it). A part's own lock is held while it is loaded: others that need it wait, and nobody
 * else. Its image is published with release order after it is complete, and never changes or goes. */
#include <stdatomic.h>
#include <zlib.h>

#include "sys.h"

#define PARTS ".parts"
#define PARTS_MAGIC 0x31545057 /* "WPT1" */

/* An image, or one to be. */
typedef struct zip_part {
  _Atomic(const uint8_t *) image; /* NULL until it is loaded, under the lock */
  size_t length;
  size_t central;                 /* where its members end */
  weft_part_loader *load;
  pthread_mutex_t lock;
  uint8_t sha256[32];
  char name[64];
  struct zip_part *next;
} zip_part;

typedef struct zip_node {
  weft_node base;
  struct zip_node *parent;  /* NULL in the root */
  struct zip_node *sibling; /* next in the parent, in the image's order */
  struct zip_node *child, *last_child;
  struct zip_node *bucket;  /* next with the same hash */
  const char *name;         /* points into the image: not terminated */
  uint16_t name_length;
  uint16_t permissions;
  uint32_t index;           /* inode - 1, and directory cursor - 2 */
  int64_t modified;
  uint32_t size, stored_size, crc;
  bool deflated;
  zip_part *part;
  uint32_t local;           /* where its header is in the part's image */
  uint8_t *inflated;        /* under the mount's lock, as is: */
  uint32_t opens;
  struct zip_node *next_made;
} zip_node;

typedef struct archive {
  weft_mount mount;
  zip_part first, *parts; /* `parts`: the others */
  const uint8_t *described; /* what PARTS holds */
  size_t described_length;
  zip_node **buckets;
  uint32_t bucket_count; /* a power of two */
  uint32_t nodes;
  uint64_t bytes;
  zip_node *made; /* all nodes, to take a failed mount apart */
} archive;

static uint32_t u16(const uint8_t *at) { return at[0] | (uint32_t)at[1] << 8; }
static uint32_t u32(const uint8_t *at) { return u16(at) | u16(at + 2) << 16; }
static zip_node *zip(weft_node *node) { return (zip_node *)node; }
static archive *archive_of(weft_node *node) { return node->mount->data; }

/* ---- the index ---------------------------------------------------------------------- */

static uint32_t hash_of(const zip_node *parent, const char *name, size_t length) {
  uint32_t hash = 2166136261u ^ parent->index;
  for (size_t i = 0; i < length; i++) {
    hash = (hash ^ (uint8_t)name[i]) * 16777619u;
  }
  return hash ^ hash >> 15;
}

static zip_node *find(archive *zip_file, const zip_node *parent, const char *name, size_t length) {
  zip_node *node = zip_file->buckets[hash_of(parent, name, length) & (zip_file->bucket_count - 1)];
  while (node && !(node->parent == parent && node->name_length == length &&
                   memcmp(node->name, name, length) == 0)) {
    node = node->bucket;
  }
  return node;
}

static zip_node *add(archive *zip_file, zip_node *parent, const char *name, size_t length,
                     uint32_t type) {
  zip_node *node = calloc(1, sizeof *node);
  if (!node) {
    return NULL;
  }
  weft_node_init(&node->base, &zip_file->mount, type);
  node->index = zip_file->nodes++;
  node->name = name;
  node->name_length = (uint16_t)length;
  node->parent = parent;
  node->next_made = zip_file->made;
  zip_file->made = node;
  if (parent) {
    zip_node **bucket =
        &zip_file->buckets[hash_of(parent, name, length) & (zip_file->bucket_count - 1)];
    node->bucket = *bucket;
    *bucket = node;
    *(parent->last_child ? &parent->last_child->sibling : &parent->child) = node;
    parent->last_child = node;
  }
  return node;
}

/* The directory (created as needed) and the last component of a member's name. */
static int place(archive *zip_file, const char *name, size_t length, zip_node **parent,
                 const char **last, size_t *last_length) {
  *parent = zip(zip_file->mount.root);
  for (;;) {
    const char *slash = memchr(name, '/', length);
    size_t part = slash ? (size_t)(slash - name) : length;
    if (part == 0 || part > WEFT_NAME_MAX || memchr(name, 0, part) ||
        (part == 1 && name[0] == '.') || (part == 2 && name[0] == '.' && name[1] == '.')) {
      return -EINVAL;
    }
    if (!slash || part + 1 == length) {
      *last = name;
      *last_length = part;
      return 0;
    }
    zip_node *next = find(zip_file, *parent, name, part);
    if (!next) {
      next = add(zip_file, *parent, name, part, S_IFDIR);
      if (!next) {
        return -ENOMEM;
      }
      next->permissions = 0555;
    } else if (!S_ISDIR(next->base.type)) {
      return -EINVAL;
    }
    *parent = next;
    name += part + 1;
    length -= part + 1;
  }
}

/* MS-DOS time has no zone; it is taken as UTC, so that it means the same everywhere. */
static int64_t unix_time(uint32_t date, uint32_t time) {
  int64_t year = 1980 + (date >> 9), month = date >> 5 & 15, day = date & 31;
  month = month < 1 ? 1 : month > 12 ? 12 : month;
  /* Days since the epoch of a Gregorian date; the year starts in March. */
  int64_t y = month > 2 ? year : year - 1;
  int64_t days = 365 * y + y / 4 - y / 100 + y / 400 +
                 (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + (day ? day : 1) - 1 - 719468;
  return days * 86400 + (time >> 11) * 3600 + (time >> 5 & 63) * 60 + (time & 31) * 2;
}

/* Where a member's data is, or NULL: it is not where the directory says. Its part is loaded. */
static const uint8_t *data_of(const zip_part *part, uint32_t offset, uint32_t stored) {
  const uint8_t *image = atomic_load_explicit(&part->image, memory_order_acquire), *local = image + offset;
  if (offset > part->central || part->central - offset < 30 || u32(local) != 0x04034b50) {
    return NULL;
  }
  uint64_t data = (uint64_t)offset + 30 + u16(local + 26) + u16(local + 28);
  return data + stored > part->central ? NULL : image + data;
}

/* One record of a part's central directory, whose fixed part is known to be inside. */
static int add_member(archive *zip_file, zip_part *part, const uint8_t *record) {
  uint32_t flags = u16(record + 8), method = u16(record + 10), made_by = u16(record + 4);
  uint32_t stored = u32(record + 20), size = u32(record + 24), offset = u32(record + 42);
  size_t name_length = u16(record + 28);
  uint32_t mode = made_by >> 8 == 3 ? u32(record + 38) >> 16 : 0;
  const char *name = (const char *)record + 46, *last;
  size_t length;
  zip_node *parent;
  if ((flags & 0x2041) || (method != 0 && method != 8) || name_length == 0 ||
      (method == 0 && stored != size) || stored == 0xffffffff || size >= 0x7fffffff ||
      (mode & S_IFMT & ~(S_IFREG | S_IFDIR))) {
    return -EINVAL;
  }
  /* Those of another part are looked at when it is there. */
  const uint8_t *data = part == &zip_file->first ? data_of(part, offset, stored) : NULL;
  if (part == &zip_file->first) {
    if (!data) {
      return -EINVAL;
    }
    if (name_length == strlen(PARTS) && memcmp(name, PARTS, name_length) == 0) {
      zip_file->described = data;
      zip_file->described_length = size;
      return method == 0 ? 0 : -EINVAL;
    }
  }
  bool is_directory = name[name_length - 1] == '/';
  int error = place(zip_file, name, name_length, &parent, &last, &length);
  if (error) {
    return error;
  }
  zip_node *node = find(zip_file, parent, last, length);
  if (node && !(is_directory && S_ISDIR(node->base.type))) {
    return -EINVAL;
  }
  if (!node) {
    node = add(zip_file, parent, last, length, is_directory ? S_IFDIR : S_IFREG);
    if (!node) {
      return -ENOMEM;
    }
  }
  node->permissions = is_directory ? 0555 : (uint16_t)(0444 | (mode & 0111));
  node->modified = unix_time(u16(record + 14), u16(record + 12));
  /* A directory without an entry of its own is as new as what is in it. */
  for (zip_node *up = parent; up && up->modified < node->modified; up = up->parent) {
    up->modified = node->modified;
  }
  if (!is_directory) {
    node->size = size;
    node->stored_size = stored;
    node->crc = u32(record + 16);
    node->deflated = method == 8;
    node->part = part;
    node->local = offset;
    zip_file->bytes += size;
  }
  return 0;
}

static int add_members(archive *zip_file, zip_part *part, const uint8_t *records, size_t size, uint32_t members) {
  size_t at = 0;
  for (uint32_t i = 0; i < members; i++) {
    size_t left = size - at;
    if (left < 46 || u32(records + at) != 0x02014b50) {
      return -EINVAL;
    }
    size_t total = 46 + (size_t)u16(records + at + 28) + u16(records + at + 30) + u16(records + at + 32);
    if (total > left) {
      return -EINVAL;
    }
    int error = add_member(zip_file, part, records + at);
    if (error) {
      return error;
    }
    at += total;
  }
  return 0;
}

/* The other parts: a magic number, and of each the length of its image, where its members end, its SHA-256, the lengths of
 * its name and of its central directory, how many members that has, its name and its directory. */
static int read_parts(archive *zip_file, weft_part_loader *load) {
  const uint8_t *at = zip_file->described;
  size_t left = zip_file->described_length;
  if (left < 4 || u32(at) != PARTS_MAGIC) {
    return -EINVAL;
  }
  for (at += 4, left -= 4; left > 0;) {
    if (left < 52) {
      return -EINVAL;
    }
    size_t name = u32(at + 40), directory = u32(at + 44), members = u32(at + 48);
    zip_part *part = calloc(1, sizeof *part);
    if (!part) {
      return -ENOMEM;
    }
    pthread_mutex_init(&part->lock, NULL);
    part->next = zip_file->parts;
    zip_file->parts = part;
    part->length = u32(at);
    part->central = u32(at + 4);
    memcpy(part->sha256, at + 8, sizeof part->sha256);
    if (name >= sizeof part->name || name > left - 52 || directory > left - 52 - name || part->central > part->length) {
      return -EINVAL;
    }
    memcpy(part->name, at + 52, name);
    part->load = load;
    int error = add_members(zip_file, part, at + 52 + name, directory, (uint32_t)members);
    if (error) {
      return error;
    }
    at += 52 + name + directory;
    left -= 52 + name + directory;
  }
  return 0;
}

static int read_directory(archive *zip_file, weft_part_loader *load) {
  const uint8_t *image = atomic_load_explicit(&zip_file->first.image, memory_order_relaxed);
  size_t length = zip_file->first.length;
  /* The end record is last, followed only by its comment of at most 64 KiB. */
  size_t end = length - 22;
  while (u32(image + end) != 0x06054b50 || end + 22 + u16(image + end + 20) != length) {
    if (end == 0 || length - end > 22 + 65535) {
      return -EINVAL;
    }
    end--;
  }
  uint32_t members = u16(image + end + 10);
  size_t size = u32(image + end + 12), central = u32(image + end + 16);
  if (u16(image + end + 4) != 0 || u16(image + end + 6) != 0 || members == 0xffff ||
      u16(image + end + 8) != members || central > end || size > end - central) {
    return -EINVAL; /* several disks, or the 64-bit format */
  }
  zip_file->first.central = central;
  zip_file->bucket_count = load ? 2048 : 16;
  while (zip_file->bucket_count < members) {
    zip_file->bucket_count *= 2;
  }
  zip_file->buckets = calloc(zip_file->bucket_count, sizeof *zip_file->buckets);
  zip_node *root = zip_file->buckets ? add(zip_file, NULL, "", 0, S_IFDIR) : NULL;
  if (!root) {
    return -ENOMEM;
  }
  root->permissions = 0555;
  zip_file->mount.root = &root->base;
  int error = add_members(zip_file, &zip_file->first, image + central, size, members);
  return error || !zip_file->described || !load ? error : read_parts(zip_file, load);
}

/* The member's data; its part is loaded when it is not there yet. A failure is not remembered: the next one who needs the
 * part tries again. */
static int stored_data(const zip_node *node, const uint8_t **out) {
  zip_part *part = node->part;
  int error = 0;
  if (!atomic_load_explicit(&part->image, memory_order_acquire)) {
    pthread_mutex_lock(&part->lock);
    if (!atomic_load_explicit(&part->image, memory_order_relaxed)) {
      uint8_t *image = malloc(part->length);
      error = image ? part->load(part->name, image, part->length, part->sha256) : -ENOMEM;
      if (error) {
        free(image);
      } else {
        atomic_store_explicit(&part->image, image, memory_order_release);
      }
    }
    pthread_mutex_unlock(&part->lock);
  }
  if (error == 0 && !(*out = data_of(part, node->local, node->stored_size))) {
    error = -EIO;
  }
  return error;
}

/* ---- names and attributes ----------------------------------------------------------------- */

static int zip_lookup(weft_node *directory, const char *name, weft_node **out) {
  zip_node *node = find(archive_of(directory), zip(directory), name, strlen(name));
  if (!node) {
    return -ENOENT;
  }
  *out = weft_node_ref(&node->base);
  return 0;
}

static int zip_parent(weft_node *directory, weft_node **out) {
  zip_node *parent = zip(directory)->parent;
  *out = weft_node_ref(parent ? &parent->base : directory);
  return 0;
}

static int zip_name(weft_node *directory, char out[WEFT_NAME_MAX + 1]) {
  memcpy(out, zip(directory)->name, zip(directory)->name_length);
  out[zip(directory)->name_length] = 0;
  return 0;
}

static int zip_stat(weft_node *base, struct stat *st) {
  zip_node *node = zip(base);
  memset(st, 0, sizeof *st);
  st->st_dev = base->mount->device;
  st->st_ino = (ino_t)node->index + 1;
  st->st_mode = base->type | node->permissions;
  st->st_nlink = S_ISDIR(base->type) ? 2 : 1;
  st->st_size = node->size;
  st->st_blksize = 4096;
  st->st_blocks = (blkcnt_t)((node->stored_size + 511) / 512);
  st->st_atim.tv_sec = st->st_mtim.tv_sec = st->st_ctim.tv_sec = (time_t)node->modified;
  return 0;
}

static int zip_access(weft_node *node, int mode) {
  return weft_mode_access(zip(node)->permissions, 0, 0, mode);
}

static int zip_statfs(weft_mount *mount, struct statfs *out) {
  archive *zip_file = mount->data;
  out->f_type = 0x73717368;
  out->f_bsize = out->f_frsize = 4096;
  out->f_blocks = (fsblkcnt_t)((zip_file->bytes + 4095) / 4096);
  out->f_files = zip_file->nodes;
  out->f_namelen = WEFT_NAME_MAX;
  out->f_flags = 1; /* ST_RDONLY */
  return 0;
}

/* ---- contents ---------------------------------------------------------------------------------- */

static int inflate_member(const zip_node *node, uint8_t **out) {
  const uint8_t *stored;
  int error = stored_data(node, &stored);
  if (error) {
    return error;
  }
  uint8_t *bytes = malloc(node->size ? node->size : 1);
  if (!bytes) {
    return -ENOMEM;
  }
  z_stream stream = {
      .next_in = (Bytef *)stored,
      .avail_in = node->stored_size,
      .next_out = bytes,
      .avail_out = node->size,
  };
  int status = inflateInit2(&stream, -MAX_WBITS);
  if (status == Z_OK) {
    status = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
  }
  if (status != Z_STREAM_END || stream.avail_out != 0 ||
      crc32(0, bytes, node->size) != node->crc) {
    free(bytes);
    return status == Z_MEM_ERROR ? -ENOMEM : -EIO;
  }
  *out = bytes;
  return 0;
}

static ssize_t zip_read(weft_file *file, const struct iovec *iov, int count, int64_t *offset) {
  const zip_node *node = zip(file->node);
  ssize_t length = weft_iov_length(iov, count);
  if (length <= 0 || *offset >= node->size) {
    return length < 0 ? length : 0;
  }
  if (length > (int64_t)node->size - *offset) {
    length = (ssize_t)(node->size - *offset);
  }
  weft_iov_cursor cursor = {iov, count, 0};
  weft_iov_put(&cursor, (const uint8_t *)file->data + *offset, (size_t)length);
  return length;
}

static int64_t zip_size(weft_file *file) { return zip(file->node)->size; }

static void zip_close(weft_file *file) {
  zip_node *node = zip(file->node);
  if (!node->deflated) {
    return;
  }
  uint8_t *gone = NULL;
  pthread_mutex_lock(&node->base.mount->lock);
  if (--node->opens == 0) {
    gone = node->inflated;
    node->inflated = NULL;
  }
  pthread_mutex_unlock(&node->base.mount->lock);
  free(gone);
}

static const weft_file_ops member_ops = {
    .read = zip_read,
    .size = zip_size,
    .release = zip_close,
};

static int64_t listing_size(weft_file *file) {
  (void)file;
  return 0;
}

static int listing_entry(weft_file *file, int64_t *cursor, struct dirent *out) {
  /* Children are in order of their index; the one to come is remembered in `data`
   * unless the position was moved. */
  zip_node *next = file->data;
  if (!next || next->index < (uint64_t)(*cursor - 2) ||
      (int64_t)file->handle != *cursor) {
    next = zip(file->node)->child;
    while (next && next->index + 2 < (uint64_t)*cursor) {
      next = next->sibling;
    }
  }
  if (!next) {
    return 0;
  }
  weft_dirent_set(out, (uint64_t)next->index + 1, next->base.type, next->name, next->name_length);
  *cursor = (int64_t)next->index + 3;
  file->data = next->sibling;
  file->handle = *cursor;
  return 1;
}

static const weft_file_ops listing_ops = {.size = listing_size, .entry = listing_entry};

static int zip_open(weft_node *base, weft_file **file) {
  zip_node *node = zip(base);
  if (S_ISDIR(base->type)) {
    (*file)->ops = &listing_ops;
    return 0;
  }
  if (!node->deflated) {
    const uint8_t *stored;
    int error = stored_data(node, &stored);
    if (error == 0) {
      (*file)->data = (void *)stored;
      (*file)->ops = &member_ops;
    }
    return error;
  }
  pthread_mutex_t *lock = &base->mount->lock;
  uint8_t *mine = NULL;
  pthread_mutex_lock(lock);
  if (!node->inflated) {
    pthread_mutex_unlock(lock);
    int error = inflate_member(node, &mine);
    if (error) {
      return error;
    }
    pthread_mutex_lock(lock);
    if (!node->inflated) {
      node->inflated = mine;
      mine = NULL;
    }
  }
  node->opens++;
  (*file)->data = node->inflated;
  pthread_mutex_unlock(lock);
  free(mine);
  (*file)->ops = &member_ops;
  return 0;
}

static void zip_release(weft_node *node) { (void)node; /* the mount holds them for good */ }

/* Read-only: the operations that change anything are never reached. */
static const weft_fs_ops zip_ops = {
    .lookup = zip_lookup,
    .parent = zip_parent,
    .name = zip_name,
    .stat = zip_stat,
    .access = zip_access,
    .open = zip_open,
    .statfs = zip_statfs,
    .release = zip_release,
};

int weft_archive_mount_parts(const char *guest_directory, const void *image, size_t length, weft_part_loader *load) {
  if (length < 22) {
    return -EINVAL;
  }
  archive *zip_file = calloc(1, sizeof *zip_file);
  if (!zip_file) {
    return -ENOMEM;
  }
  atomic_init(&zip_file->first.image, image);
  zip_file->first.length = length;
  zip_file->mount.ops = &zip_ops;
  zip_file->mount.readonly = true;
  zip_file->mount.device = weft_device_new();
  zip_file->mount.data = zip_file;
  pthread_mutex_init(&zip_file->mount.lock, NULL);
  int error = read_directory(zip_file, load);
  if (error == 0) {
    error = weft_mount_add(guest_directory, &zip_file->mount);
  }
  if (error) {
    while (zip_file->made) {
      zip_node *next = zip_file->made->next_made;
      free(zip_file->made);
      zip_file->made = next;
    }
    while (zip_file->parts) {
      zip_part *next = zip_file->parts->next;
      pthread_mutex_destroy(&zip_file->parts->lock);
      free(zip_file->parts);
      zip_file->parts = next;
    }
    free(zip_file->buckets);
    free(zip_file);
  }
  return error;
}

int weft_archive_mount(const char *guest_directory, const void *image, size_t length) {
  return weft_archive_mount_parts(guest_directory, image, length, NULL);
}
