#include "tests/emu/nt/check.h"

namespace {

struct Scene {
  PCALLBACK_OBJECT object;
  LONG order;
  LONG first;
  LONG second;
  bool inside;
  KIRQL irql;
};

void NTAPI first(PVOID context, PVOID argument1, PVOID argument2) {
  auto* scene = (Scene*)context;
  scene->inside = true;
  CHECK(argument1 == (PVOID)1 && argument2 == (PVOID)2);
  scene->first = ++scene->order;
  scene->irql = KeGetCurrentIrql();
  for (int i = 0; i < 4; ++i) YieldProcessor();
  scene->inside = false;
}

void NTAPI second(PVOID context, PVOID, PVOID) {
  auto* scene = (Scene*)context;
  scene->second = ++scene->order;
}

void NTAPI notify(PVOID context) {
  auto* scene = (Scene*)context;
  ExNotifyCallback(scene->object, (PVOID)1, (PVOID)2);
}

NTSTATUS open(PCALLBACK_OBJECT* object, const WCHAR* name, bool create, bool many) {
  UNICODE_STRING string;
  OBJECT_ATTRIBUTES attributes;
  RtlInitUnicodeString(&string, name);
  InitializeObjectAttributes(&attributes, &string, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
  return ExCreateCallback(object, &attributes, create, many);
}

}  // namespace

TEST(callback_runs_what_was_registered) {
  Scene scene = {};
  PCALLBACK_OBJECT again;
  CHECK(open(&scene.object, L"\\Callback\\Test", false, true) == STATUS_OBJECT_NAME_NOT_FOUND);
  CHECK(open(&scene.object, L"\\Callback\\Test", true, true) == STATUS_SUCCESS);
  CHECK(open(&again, L"\\callback\\test", false, false) == STATUS_SUCCESS && again == scene.object);
  PVOID one = ExRegisterCallback(scene.object, first, &scene);
  PVOID two = ExRegisterCallback(again, second, &scene);
  CHECK(one && two);
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  ExNotifyCallback(scene.object, (PVOID)1, (PVOID)2);
  KeLowerIrql(old);
  CHECK(scene.first == 1 && scene.second == 2 && scene.irql == DISPATCH_LEVEL);
  ExUnregisterCallback(one);
  ExNotifyCallback(scene.object, (PVOID)1, (PVOID)2);
  CHECK(scene.order == 3);
  ExUnregisterCallback(two);
  ObDereferenceObject(again);
  ObDereferenceObject(scene.object);
  CHECK(open(&again, L"\\Callback\\Test", false, true) == STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(callback_is_over_when_it_is_unregistered) {
  Scene scene = {};
  CHECK(open(&scene.object, L"\\Callback\\Test", true, false) == STATUS_SUCCESS);
  PVOID one = ExRegisterCallback(scene.object, first, &scene);
  CHECK(one && !ExRegisterCallback(scene.object, second, &scene)); /* takes only one */
  void* thread = start_thread(notify, &scene);
  ExUnregisterCallback(one);
  CHECK(!scene.inside);
  join(thread);
  ObDereferenceObject(scene.object);
}

TEST(callback_of_the_system) {
  PCALLBACK_OBJECT object;
  CHECK(open(&object, L"\\Callback\\PowerState", false, true) == STATUS_SUCCESS);
  PVOID one = ExRegisterCallback(object, second, nullptr);
  CHECK(one);
  ExUnregisterCallback(one);
  ObDereferenceObject(object);
  CHECK(open(&object, L"\\Callback\\PowerState", false, true) == STATUS_SUCCESS);
  ObDereferenceObject(object);
}

TEST(callback_has_a_name) {
  PCALLBACK_OBJECT object;
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, nullptr, 0, nullptr, nullptr);
  CHECK(ExCreateCallback(&object, &attributes, TRUE, TRUE) == STATUS_UNSUCCESSFUL);
  CHECK(object == nullptr);
}
