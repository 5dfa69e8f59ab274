#include "check.h"
#include "weft_memory.h"

static char *take(size_t pages, size_t alignment) {
  char *region = weft_memory_take(pages * WEFT_PAGE, alignment);
  CHECK(region != NULL);
  EQUAL((uintptr_t)region % (alignment < WEFT_PAGE ? WEFT_PAGE : alignment), 0);
  return region;
}

static void are_used_again(void) {
  char *first = take(100, 1);
  weft_memory_give(first, 100 * WEFT_PAGE);
  uintptr_t end = (uintptr_t)sbrk(0);
  for (int i = 0; i < 1000; i++) {
    char *again = take(100, 1);
    CHECK(again == first);
    weft_memory_give(again, 100 * WEFT_PAGE);
  }
  EQUAL((uintptr_t)sbrk(0), end);
}

static void neighbours_are_joined(void) {
  char *whole = take(6, 1);
  /* In an order that joins at the end, at the beginning and at both. */
  static const int order[] = {1, 2, 0, 5, 3, 4};
  for (int i = 0; i < 6; i++) {
    weft_memory_give(whole + (size_t)order[i] * WEFT_PAGE, WEFT_PAGE);
  }
  char *again = take(6, 1);
  CHECK(again == whole);
  /* Parts of it are handed out from its beginning. */
  weft_memory_give(again, 6 * WEFT_PAGE);
  char *low = take(2, 1), *high = take(4, 1);
  CHECK(low == whole && high == whole + 2 * WEFT_PAGE);
  weft_memory_give(low, 2 * WEFT_PAGE);
  weft_memory_give(high, 4 * WEFT_PAGE);
}

static void alignment_wastes_nothing(void) {
  size_t alignment = 64 * WEFT_PAGE;
  char *aligned = take(64, alignment), *next = take(64, alignment);
  weft_memory_give(aligned, 64 * WEFT_PAGE);
  weft_memory_give(next, 64 * WEFT_PAGE);
  uintptr_t end = (uintptr_t)sbrk(0);
  /* An odd region can spoil one of the two, and what is left of that one is for others. */
  char *odd = take(3, 1), *behind = take(64, alignment), *between = take(5, 1);
  EQUAL((uintptr_t)sbrk(0), end);
  weft_memory_give(odd, 3 * WEFT_PAGE);
  weft_memory_give(behind, 64 * WEFT_PAGE);
  weft_memory_give(between, 5 * WEFT_PAGE);
}

static void a_free_end_grows(void) {
  char *last = take(10, 1);
  while ((uintptr_t)last + 10 * WEFT_PAGE != (uintptr_t)sbrk(0)) {
    last = take(10, 1); /* until one is at the heap's end */
  }
  weft_memory_give(last, 10 * WEFT_PAGE);
  char *longer = take(1000, 1);
  CHECK(longer <= last);
  EQUAL((uintptr_t)longer + 1000 * WEFT_PAGE, (uintptr_t)sbrk(0));
  weft_memory_give(longer, 1000 * WEFT_PAGE);
}

static void too_much_is_refused(void) {
  CHECK(weft_memory_take(SIZE_MAX & ~(WEFT_PAGE - 1), 1) == NULL);
  CHECK(weft_memory_take((size_t)PTRDIFF_MAX & ~(WEFT_PAGE - 1), 64 * WEFT_PAGE) == NULL);
  weft_memory_give(take(1, 1), WEFT_PAGE);
}

enum { THREADS = 4, HELD = 16, ROUNDS = 20000 };

/* Writes into what it has, and finds it as it was: no two have the same page. */
static void *storm(void *argument) {
  uint32_t state = (uint32_t)(intptr_t)argument + 1;
  struct {
    uint32_t *region;
    size_t pages;
    uint32_t mark;
  } held[HELD] = {0};
  for (int i = 0; i < ROUNDS; i++) {
    uint32_t random = check_random(&state);
    int n = (int)(random % HELD);
    if (held[n].region) {
      for (size_t page = 0; page < held[n].pages; page++) {
        EQUAL(held[n].region[page * WEFT_PAGE / sizeof(uint32_t)], held[n].mark + page);
      }
      weft_memory_give(held[n].region, held[n].pages * WEFT_PAGE);
      held[n].region = NULL;
      continue;
    }
    size_t pages = 1 + (random >> 8) % 9;
    held[n].region = (uint32_t *)take(pages, (random >> 16) % 4 == 0 ? 8 * WEFT_PAGE : 1);
    held[n].pages = pages;
    held[n].mark = random;
    for (size_t page = 0; page < pages; page++) {
      held[n].region[page * WEFT_PAGE / sizeof(uint32_t)] = random + (uint32_t)page;
    }
    if (random >> 30 == 0) {
      /* As the C library's allocator does. */
      sbrk(48);
    }
  }
  for (int n = 0; n < HELD; n++) {
    if (held[n].region) {
      weft_memory_give(held[n].region, held[n].pages * WEFT_PAGE);
    }
  }
  return NULL;
}

static void storms(void) {
  pthread_t threads[THREADS];
  check_spawn(threads, THREADS, storm);
  check_join(threads, THREADS);
  /* All of it is free again: it takes a tenth of what was handed out. */
  uintptr_t end = (uintptr_t)sbrk(0);
  check_spawn(threads, THREADS, storm);
  check_join(threads, THREADS);
  CHECK((uintptr_t)sbrk(0) - end < (uintptr_t)ROUNDS * WEFT_PAGE / 10);
}

CHECK_MAIN("regions", {"are_used_again", are_used_again},
           {"neighbours_are_joined", neighbours_are_joined},
           {"alignment_wastes_nothing", alignment_wastes_nothing},
           {"a_free_end_grows", a_free_end_grows}, {"too_much_is_refused", too_much_is_refused},
           {"storms", storms})
