using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users;

/// <summary>
/// Users of <c>kopis user</c>: the whole address, then shorter and shorter parts of its local part
/// before a hyphen, as <c>joe-list@d</c> is joe's extension <c>list</c>.
/// </summary>
/// <param name="home">The qmail home.</param>
/// <param name="identity">Whom all mail is delivered as; null: as each home's owner.</param>
public sealed class VirtualLookup(string home, (uint Uid, uint Gid)? identity)
{
    private readonly VirtualUsers _users = new(home);

    /// <summary>Looks an address up.</summary>
    public LookupResult Find(ReadOnlySpan<byte> local, ReadOnlySpan<byte> domain)
    {
        try
        {
            for (int end = local.Length; end > 0; end--)
            {
                bool whole = end == local.Length;
                if ((whole || local[end] == (byte)'-')
                    && _users.Find([.. local[..end], (byte)'@', .. domain]) is { } mailbox)
                {
                    return At(mailbox, whole ? [] : "-"u8, whole ? [] : local[(end + 1)..]);
                }
            }

            return LookupResult.Nobody;
        }
        catch (ConfigurationException)
        {
            return LookupResult.Trouble(SpawnCode.System);
        }
    }

    private LookupResult At(
        VirtualMailbox mailbox, ReadOnlySpan<byte> dash, ReadOnlySpan<byte> ext)
    {
        byte[] path = Fd.PathBytes(mailbox.Home);
        (uint Uid, uint Gid)? who = identity;
        if (who is null && Fd.TryStatus(path, out _) is { IsDirectory: true } status)
        {
            who = (status.Uid, status.Gid);
        }

        return who is { } known
            ? LookupResult.Found(new RecipientUser(
                ByteText.ToBytes(mailbox.Address), known.Uid, known.Gid,
                path[..^1], dash.ToArray(), ext.ToArray()))
            : LookupResult.Trouble(SpawnCode.System);
    }
}
