using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local;

/// <summary>What qmail-lspawn is started with.</summary>
/// <param name="Context">The program's.</param>
/// <param name="DefaultDelivery">The instructions of users who have none.</param>
/// <param name="AsRoot">Whether each delivery runs as its user; else all of Kopis is one user.
/// </param>
/// <param name="QueueUid">Who must own the queue's files.</param>
/// <param name="GetpwUser">Who runs qmail-getpw; null: the look-up is done here.</param>
internal sealed record SpawnSettings(
    ProgramContext Context, byte[] DefaultDelivery, bool AsRoot, uint QueueUid,
    UnixUser? GetpwUser);
