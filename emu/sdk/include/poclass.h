/* The package has two files of this name; the one outside its ddk folder is complete. */
#pragma once
#include <wdm.h>
#include <../poclass.h>
