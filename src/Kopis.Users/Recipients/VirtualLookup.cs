using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Virtual;

namespace Kopis.Users.Recipients;

/// <summary>Looks up users of <c>kopis user</c> and aliases of <c>kopis alias</c>: first the whole
/// address, then with its local part cut at each hyphen from the end, since <c>joe-list@d</c> is
/// joe's extension <c>list</c>, and at last the domain's catch-all.</summary>
/// <param name="home">The qmail home.</param>
/// <param name="identity">The ids that deliver all mail; null: the ones that
/// <see cref="VirtualOwner"/> finds.</param>
/// <param name="complain">Logs wrong lines, each once; null: no log.</param>
public sealed class VirtualLookup(
    string home, (uint Uid, uint Gid)? identity, Action<string>? complain = null)
{
    private readonly VirtualUsers _users = new(home, complain);
    private readonly VirtualAliases _aliases = new(home, complain);
    private readonly HostNames _hostNames = new(home);
    private readonly byte[] _usersPath =
        Fd.PathBytes(VirtualUsers.UsersDirectory(home) + "/")[..^1];

    /// <summary>Looks up an address.</summary>
    public LookupResult Find(ReadOnlySpan<byte> local, ReadOnlySpan<byte> domain)
    {
        try
        {
            for (int end = local.Length; end > 0; end--)
            {
                bool whole = end == local.Length;
                if (!whole && local[end] != (byte)'-')
                {
                    continue;
                }

                byte[] address = [.. local[..end], (byte)'@', .. domain];
                if (_users.Find(address) is { } mailbox)
                {
                    return At(mailbox, whole ? [] : "-"u8, whole ? [] : local[(end + 1)..]);
                }

                if (whole && _aliases.Find(address) is { Length: > 0 } targets)
                {
                    return Forward(targets);
                }
            }

            return local.Length > 0 && _aliases.FindCatchAll(domain) is { Length: > 0 } all
                && (identity is not null || !_hostNames.ComeFirst(local, domain))
                ? Forward(all)
                : LookupResult.Nobody;
        }
        catch (Exception e) when (e is ConfigurationException or PosixException)
        {
            return LookupResult.Trouble(SpawnCode.System);
        }
    }

    private LookupResult At(
        VirtualMailbox mailbox, ReadOnlySpan<byte> dash, ReadOnlySpan<byte> ext)
    {
        byte[] path = Fd.PathBytes(mailbox.Home);
        return (identity ?? VirtualOwner.Find(home)) is { } known
            ? LookupResult.Found(new RecipientUser(
                ByteText.ToBytes(mailbox.Address), known.Uid, known.Gid,
                path[..^1], dash.ToArray(), ext.ToArray())
            {
                Below = _usersPath,
            })
            : LookupResult.Trouble(SpawnCode.System);
    }

    // The user alias does the forwarding, as in qmail. Its home here is `users`, where no .qmail
    // file is looked for: only root could put one there.
    private LookupResult Forward(string[] targets)
    {
        byte[] path = Fd.PathBytes(VirtualUsers.UsersDirectory(home));
        return (identity ?? VirtualOwner.FindAlias(home)) is { } known
            ? LookupResult.Found(new RecipientUser(
                "alias"u8.ToArray(), known.Uid, known.Gid, path[..^1], [], [])
            {
                Instructions =
                    ByteText.ToBytes(string.Concat(targets.Select(target => $"&{target}\n"))),
            })
            : LookupResult.Trouble(SpawnCode.NoAlias);
    }
}
