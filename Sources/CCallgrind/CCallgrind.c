#include "CCallgrind.h"

#if __has_include(<valgrind/callgrind.h>)

#include <valgrind/callgrind.h>

int callgrind_begin(void) {
    CALLGRIND_START_INSTRUMENTATION;
    return RUNNING_ON_VALGRIND != 0;
}

void callgrind_end(void) { CALLGRIND_STOP_INSTRUMENTATION; }

#else

int callgrind_begin(void) { return 0; }
void callgrind_end(void) {}

#endif
