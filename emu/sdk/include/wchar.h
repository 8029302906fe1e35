/* Wide strings: the functions are in string.h, formatting in stdio.h, as for narrow ones. */
#pragma once
#include <stdio.h>
#include <string.h>
#ifndef WEOF
#define WEOF ((wint_t)0xFFFF)
#endif
