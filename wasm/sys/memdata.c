#include "memfs.h"

/* A file of this size needs a table of 64 MiB, which is where it stops to be sensible. */
#define MAX_SIZE ((int64_t)1 << 40)

/* How many bytes chunk `index` really has. */
static size_t capacity_of(const mem_data *data, size_t index) {
  if (index >= data->count || !data->chunks[index]) {
    return 0;
  }
  return index == 0 ? data->first_capacity : MEM_CHUNK;
}

ssize_t mem_data_read(const mem_data *data, const struct iovec *iov, int count, int64_t offset) {
  ssize_t length = weft_iov_length(iov, count);
  if (length <= 0 || offset >= data->size) {
    return length < 0 ? length : 0;
  }
  if (length > data->size - offset) {
    length = (ssize_t)(data->size - offset);
  }
  weft_iov_cursor cursor = {iov, count, 0};
  for (size_t left = (size_t)length; left > 0;) {
    size_t index = (size_t)(offset / MEM_CHUNK), within = (size_t)(offset % MEM_CHUNK);
    size_t part = MEM_CHUNK - within < left ? MEM_CHUNK - within : left;
    size_t there = capacity_of(data, index);
    size_t real = within >= there ? 0 : there - within < part ? there - within : part;
    if (real) {
      weft_iov_put(&cursor, data->chunks[index] + within, real);
    }
    weft_iov_zero(&cursor, part - real);
    offset += (int64_t)part;
    left -= part;
  }
  return length;
}

/* Make the first `needed` bytes of a chunk real. */
static bool provide(mem_data *data, size_t index, size_t needed) {
  if (index >= data->count) {
    size_t count = data->count ? data->count : 1;
    while (count <= index) {
      count = count < 16 ? index + 1 : count + count / 2;
    }
    uint8_t **chunks = realloc(data->chunks, count * sizeof *chunks);
    if (!chunks) {
      return false;
    }
    memset(chunks + data->count, 0, (count - data->count) * sizeof *chunks);
    data->chunks = chunks;
    data->count = count;
  }
  size_t have = capacity_of(data, index);
  if (have >= needed) {
    return true;
  }
  size_t want = MEM_CHUNK;
  if (index == 0 && data->size <= MEM_CHUNK) {
    want = have ? have : 256;
    while (want < needed) {
      want *= 2;
    }
  }
  uint8_t *chunk = have ? realloc(data->chunks[index], want) : malloc(want);
  if (!chunk) {
    return false;
  }
  memset(chunk + have, 0, want - have);
  data->chunks[index] = chunk;
  data->allocated += want - have;
  if (index == 0) {
    data->first_capacity = want;
  }
  return true;
}

ssize_t mem_data_write(mem_data *data, const struct iovec *iov, int count, int64_t offset) {
  ssize_t length = weft_iov_length(iov, count);
  if (length <= 0) {
    return length;
  }
  if (offset >= MAX_SIZE) {
    return -EFBIG;
  }
  if (length > MAX_SIZE - offset) {
    length = (ssize_t)(MAX_SIZE - offset);
  }
  weft_iov_cursor cursor = {iov, count, 0};
  size_t done = 0;
  while (done < (size_t)length) {
    size_t index = (size_t)(offset / MEM_CHUNK), within = (size_t)(offset % MEM_CHUNK);
    size_t left = (size_t)length - done;
    size_t part = MEM_CHUNK - within < left ? MEM_CHUNK - within : left;
    if (!provide(data, index, within + part)) {
      break;
    }
    weft_iov_get(&cursor, data->chunks[index] + within, part);
    offset += (int64_t)part;
    done += part;
    if (offset > data->size) {
      data->size = offset;
    }
  }
  return done ? (ssize_t)done : -ENOSPC;
}

int mem_data_truncate(mem_data *data, int64_t size) {
  if (size > MAX_SIZE) {
    return -EFBIG;
  }
  if (size < data->size) {
    size_t keep = (size_t)((size + MEM_CHUNK - 1) / MEM_CHUNK);
    for (size_t i = keep; i < data->count; i++) {
      data->allocated -= capacity_of(data, i);
      free(data->chunks[i]);
      data->chunks[i] = NULL;
    }
    if (keep == 0) {
      data->first_capacity = 0;
      free(data->chunks);
      data->chunks = NULL;
      data->count = 0;
    } else if (size % MEM_CHUNK) {
      /* What is cut off must read as zeros if the file grows over it again. */
      size_t within = (size_t)(size % MEM_CHUNK);
      size_t have = capacity_of(data, keep - 1);
      if (have > within) {
        memset(data->chunks[keep - 1] + within, 0, have - within);
      }
    }
  }
  data->size = size;
  return 0;
}

void mem_data_free(mem_data *data) {
  for (size_t i = 0; i < data->count; i++) {
    free(data->chunks[i]);
  }
  free(data->chunks);
}
