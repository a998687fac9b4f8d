using Kopis.Posix;

namespace Kopis.Users.Recipients;

/// <summary>Where all of Kopis is one user: whose an address is that nobody else has.</summary>
internal static class OneUser
{
    /// <summary>The home's alias directory, as that user.</summary>
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
