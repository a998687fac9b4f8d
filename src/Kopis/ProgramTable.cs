using Kopis.Base;
using Kopis.Receive;

namespace Kopis;

/// <summary>Every program of the binary: the one list that links, help and pages follow.</summary>
internal static class ProgramTable
{
    internal static readonly ProgramEntry[] All =
    [
        new("qmail-queue", QmailQueueProgram.Run, "anyone", "queue a message"),
    ];

    internal static ProgramEntry? Find(string name) =>
        Array.Find(All, entry => entry.Name == name);
}
