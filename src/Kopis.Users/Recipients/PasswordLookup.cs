using System.Text;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Recipients;

/// <summary>The host's own users, by qmail-getpw's rules (contract §7.3).</summary>
/// <param name="find">Finds a user by name; null if there is none.</param>
/// <param name="isAlias">Whether a name goes to alias even if a user has it; null: no name does.
/// </param>
public sealed class PasswordLookup(
    Func<string, UnixUser?> find, Func<byte[], bool>? isAlias = null)
{
    private const int NameBytesMax = 31; // qmail-getpw looks for names under 32 bytes.
    private const byte Break = (byte)'-'; // conf-break
    private const string AliasUser = "alias";

    /// <summary>Looks up a local part. Local parts of nobody else belong to alias.</summary>
    public LookupResult Find(ReadOnlySpan<byte> local)
    {
        try
        {
            bool skipsUsers = isAlias is not null && isAlias(local.ToArray());
            for (int end = local.Length; end >= 0 && !skipsUsers; end--)
            {
                bool whole = end == local.Length;
                if (end > NameBytesMax || (!whole && local[end] != Break))
                {
                    continue;
                }

                LookupResult result = Try(
                    local[..end], whole ? [] : "-"u8, whole ? [] : local[(end + 1)..]);
                if (result != LookupResult.Nobody)
                {
                    return result;
                }
            }

            return find(AliasUser) is { } alias
                ? LookupResult.Found(ToUser(alias, "-"u8, local))
                : LookupResult.Trouble(SpawnCode.NoAlias);
        }
        catch (Exception e) when (e is PosixException or ConfigurationException)
        {
            return LookupResult.Trouble(SpawnCode.System);
        }
    }

    private LookupResult Try(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> dash, ReadOnlySpan<byte> ext)
    {
        string lower = Encoding.UTF8.GetString(Ascii8.ToLower(name));
        if (lower.Contains('\0', StringComparison.Ordinal)
            || find(lower) is not { Uid: not 0 } user)
        {
            return LookupResult.Nobody;
        }

        // A user without a home, or whose home belongs to somebody else, gets no mail.
        FileStatus? home = Fd.TryStatus(Fd.PathBytes(user.Home), out int errno);
        return home is { } there && there.Uid == user.Uid
                ? LookupResult.Found(ToUser(user, dash, ext))
            : home is null && FileErrors.IsTemporary(errno)
                ? LookupResult.Trouble(SpawnCode.Nfs)
            : LookupResult.Nobody;
    }

    private static RecipientUser ToUser(
        UnixUser user, ReadOnlySpan<byte> dash, ReadOnlySpan<byte> ext) =>
        new(
            Encoding.UTF8.GetBytes(user.Name), user.Uid, user.Gid,
            Encoding.UTF8.GetBytes(user.Home), dash.ToArray(), ext.ToArray());
}
