using Kopis.Posix;

namespace Kopis.Users.Recipients;

/// <summary>In single-user mode: the user of an address that belongs to nobody else.</summary>
internal static class OneUser
{
    /// <summary>The home's alias directory, with that single user.</summary>
    internal static LookupResult Alias(string home, ReadOnlySpan<byte> local)
    {
        byte[] alias = Fd.PathBytes(Path.Combine(home, "alias"));
        return Fd.TryStatus(alias, out _) is { IsDirectory: true }
            ? LookupResult.Found(new RecipientUser(
                "alias"u8.ToArray(), Processes.EffectiveUid, Processes.Gid,
                alias[..^1], "-"u8.ToArray(), local.ToArray()))
            : LookupResult.Trouble(SpawnCode.NoAlias);
    }
}
