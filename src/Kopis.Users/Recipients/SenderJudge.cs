using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Users.Virtual;

namespace Kopis.Users.Recipients;

/// <summary>Decides whether a user may send as an address, since mail for the address comes to that
/// user: it is an alias for the user, or for a user of the host the user's name or an extension of
/// it, at any domain that routes to the user. A catch-all does not give this right;
/// <c>control/senders</c> can.</summary>
/// <param name="home">The qmail home.</param>
/// <param name="hasHostUsers">Whether users of the host get mail here.</param>
public sealed class SenderJudge(string home, bool hasHostUsers = true)
{
    private readonly HostAddresses _addresses = new(home);
    private readonly VirtualAliases _aliases = new(home);
    private readonly ControlDirectory _control = new(Path.Combine(home, "control"));

    /// <summary>Decides about one sender.</summary>
    /// <param name="account">The account that has logged in: an address, or a user of the host.
    /// </param>
    /// <param name="sender">The address to send as.</param>
    /// <exception cref="ConfigurationException">This cannot be determined at present.</exception>
    public LookupVerdict Judge(ReadOnlySpan<byte> account, ReadOnlySpan<byte> sender)
    {
        if (sender is [] or [(byte)'@', ..])
        {
            return LookupVerdict.No;
        }

        byte[] owner = account.Contains((byte)'@')
            ? account.ToArray()
            : [.. account, (byte)'@', .. _control.ReadLine(HostFiles.Me) ?? []];
        string[] targets = _aliases.Find(sender);
        return targets.Contains(ByteText.ToText(Ascii8.ToLower(owner)))
            || (hasHostUsers && IsOfHost(account, sender, targets))
                ? LookupVerdict.Yes
                : LookupVerdict.No;
    }

    private bool IsOfHost(
        ReadOnlySpan<byte> account, ReadOnlySpan<byte> sender, string[] targets)
    {
        if (targets.Length == 0)
        {
            return _addresses.Has(account, sender);
        }

        foreach (string target in targets)
        {
            if (_addresses.Has(account, ByteText.ToBytes(target)))
            {
                return true;
            }
        }

        return false;
    }
}
