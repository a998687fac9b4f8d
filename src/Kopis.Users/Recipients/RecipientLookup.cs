using Kopis.Posix;

namespace Kopis.Users.Recipients;

/// <summary>Finds the user of an address: first in users/cdb, then among the virtual users, then
/// among users of the host. If qmail-lspawn is not root, and so cannot become another user, the
/// home's <c>alias</c> directory takes the place of the last.</summary>
/// <param name="home">The qmail home.</param>
/// <param name="asRoot">Whether deliveries run as the users themselves.</param>
public sealed class RecipientLookup(string home, bool asRoot, Action<string>? complain = null)
{
    private readonly UsersCdb _assigned = new(home, complain);
    private readonly VirtualLookup _virtual =
        new(home, asRoot ? null : (Processes.EffectiveUid, Processes.Gid), complain);

    /// <summary>Looks up all but the host's own users.</summary>
    /// <returns>Nobody means that <see cref="PasswordLookup"/> is to be asked (as root only).
    /// </returns>
    public LookupResult Find(ReadOnlySpan<byte> local, ReadOnlySpan<byte> domain)
    {
        LookupResult result = _assigned.Find(local);
        if (result == LookupResult.Nobody)
        {
            result = _virtual.Find(local, domain);
        }

        if (result == LookupResult.Nobody && !asRoot)
        {
            result = OneUser.Alias(home, local);
        }

        return Check(result);
    }

    /// <summary>Refuses users that a delivery must not run as.</summary>
    public LookupResult Check(LookupResult result) =>
        result.User is not { } user ? result
            : asRoot && user.Uid == 0 ? LookupResult.Trouble(SpawnCode.Root)
            : !asRoot && user.Uid != Processes.EffectiveUid ? LookupResult.Trouble(SpawnCode.Usage)
            : result;
}
