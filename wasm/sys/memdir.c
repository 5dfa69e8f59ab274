#include "memfs.h"

static uint32_t hash_name(const char *name, size_t length) {
  uint32_t hash = 2166136261u; /* FNV-1a */
  for (size_t i = 0; i < length; i++) {
    hash = (hash ^ (uint8_t)name[i]) * 16777619u;
  }
  return hash;
}

mem_entry *mem_directory_find(const mem_directory *directory, const char *name) {
  if (directory->bucket_count == 0) {
    return NULL;
  }
  size_t length = strlen(name);
  uint32_t hash = hash_name(name, length);
  mem_entry *entry = directory->buckets[hash & (directory->bucket_count - 1)];
  while (entry && !(entry->hash == hash && entry->length == length &&
                    memcmp(entry->name, name, length) == 0)) {
    entry = entry->next;
  }
  return entry;
}

static int grow_buckets(mem_directory *directory) {
  size_t count = directory->bucket_count ? directory->bucket_count * 2 : 8;
  mem_entry **buckets = calloc(count, sizeof *buckets);
  if (!buckets) {
    return -ENOSPC;
  }
  for (size_t i = 0; i < directory->bucket_count; i++) {
    mem_entry *entry = directory->buckets[i];
    while (entry) {
      mem_entry *next = entry->next;
      mem_entry **bucket = &buckets[entry->hash & (count - 1)];
      entry->next = *bucket;
      *bucket = entry;
      entry = next;
    }
  }
  free(directory->buckets);
  directory->buckets = buckets;
  directory->bucket_count = count;
  return 0;
}

/* Room for one more slot: by squeezing out removed ones when they are many. */
static int grow_slots(mem_directory *directory) {
  if (directory->used < directory->capacity) {
    return 0;
  }
  if (directory->live < directory->used / 2) {
    size_t kept = 0;
    for (size_t i = 0; i < directory->used; i++) {
      if (directory->slots[i].entry) {
        directory->slots[kept++] = directory->slots[i];
      }
    }
    directory->used = kept;
    return 0;
  }
  size_t capacity = directory->capacity ? directory->capacity * 2 : 8;
  void *slots = realloc(directory->slots, capacity * sizeof *directory->slots);
  if (!slots) {
    return -ENOSPC;
  }
  directory->slots = slots;
  directory->capacity = capacity;
  return 0;
}

int mem_directory_add(mem_directory *directory, const char *name, mem_node *node) {
  size_t length = strlen(name);
  if (grow_slots(directory) ||
      (directory->live >= directory->bucket_count && grow_buckets(directory))) {
    return -ENOSPC;
  }
  mem_entry *entry = malloc(sizeof *entry + length + 1);
  if (!entry) {
    return -ENOSPC;
  }
  if (directory->next_cookie < 2) {
    directory->next_cookie = 2; /* 0 and 1 stand for "." and ".." */
  }
  entry->node = node;
  entry->cookie = directory->next_cookie++;
  entry->hash = hash_name(name, length);
  entry->length = (uint16_t)length;
  memcpy(entry->name, name, length + 1);
  mem_entry **bucket = &directory->buckets[entry->hash & (directory->bucket_count - 1)];
  entry->next = *bucket;
  *bucket = entry;
  directory->slots[directory->used].cookie = entry->cookie;
  directory->slots[directory->used++].entry = entry;
  directory->live++;
  return 0;
}

/* The index of the first slot whose cookie is at least `cursor`. */
static size_t search(const mem_directory *directory, uint64_t cursor) {
  size_t low = 0, high = directory->used;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (directory->slots[middle].cookie < cursor) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

mem_node *mem_directory_remove(mem_directory *directory, mem_entry *entry) {
  mem_entry **at = &directory->buckets[entry->hash & (directory->bucket_count - 1)];
  while (*at != entry) {
    at = &(*at)->next;
  }
  *at = entry->next;
  directory->slots[search(directory, entry->cookie)].entry = NULL;
  if (--directory->live == 0) {
    directory->used = 0;
  }
  mem_node *node = entry->node;
  free(entry);
  return node;
}

mem_entry *mem_directory_from(const mem_directory *directory, uint64_t cursor) {
  for (size_t i = search(directory, cursor); i < directory->used; i++) {
    if (directory->slots[i].entry) {
      return directory->slots[i].entry;
    }
  }
  return NULL;
}

void mem_directory_free(mem_directory *directory) {
  free(directory->slots);
  free(directory->buckets);
}
