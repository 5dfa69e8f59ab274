# The threaded profile's libraries without threads, and without libffi.
#
# Input: that of ../libs/Makefile, whose folder is HERE.
override XZ_SRC = $(filter-out %_tablegen crc32_small crc64_small crc_clmul_consts_gen %_mt outqueue hardware_cputhreads,$(XZ_ALL)) tuklib_physmem

include $(HERE)/Makefile

SQLITE_OPTIONS := $(filter-out -DSQLITE_THREADSAFE=1 -DSQLITE_ENABLE_UNLOCK_NOTIFY,$(SQLITE_OPTIONS)) -DSQLITE_THREADSAFE=0

solo: unthreaded $(filter-out %/libffi.a,$(LIBS))
unthreaded:
	sed -i '/MYTHREAD_POSIX/d; /PTHREAD/d' $(HERE)/xz-config.h
headers: unthreaded
.PHONY: solo unthreaded
