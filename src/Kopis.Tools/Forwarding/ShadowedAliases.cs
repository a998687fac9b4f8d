using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Mail.Addresses;
using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Tools.Forwarding;

/// <summary>Finds entries of /etc/aliases that no mail reaches: fastforward is asked last, so
/// another rule may decide first. It checks only the files that the caller may read.</summary>
internal sealed class ShadowedAliases(ProgramContext context)
{
    private readonly UsersCdb _assigned = new(context.Home);
    private readonly AliasesFirst _first = new(context.Home);
    private readonly AddressMap? _map = TryMap(context);

    /// <summary>Why no mail reaches an alias; null if mail does.</summary>
    internal string? WhyShadowed(ForwardTarget alias)
    {
        if (alias.Text.Length == 0 || LocalPartOf(alias) is not { } local)
        {
            return null;
        }

        if (_assigned.Find(local).User is { } assigned && !IsAlias(assigned))
        {
            return $"users/assign gives this mail to {LogText.Safe(assigned.Name)}";
        }

        return HostUserOf(local) is { } user
                ? $"the mail goes to the user {LogText.Safe(user.Name)} of this host; "
                    + $"see {SmtpFiles.AliasesFirst} in fastforward(1)"
            : IsInAliasHome(local)
                ? $"~alias/.qmail-{LogText.Safe(DotQmailNames.SafeExt(local))} comes before"
            : null;
    }

    // A name alone is for all hosts, and so for this host.
    private byte[]? LocalPartOf(ForwardTarget alias)
    {
        if (alias.Host is not { } host)
        {
            return alias.Text;
        }

        if (_map is null)
        {
            return null;
        }

        byte[] routed = _map.Route([.. alias.Text, (byte)'@', .. host], out bool isLocal);
        return isLocal ? new Address(routed).Local.ToArray() : null;
    }

    private RecipientUser? HostUserOf(byte[] local)
    {
        RecipientUser? user = new PasswordLookup(UnixUsers.ByName).Find(local).User;
        try
        {
            return user is null || IsAlias(user) || _first.Has(local) ? null : user;
        }
        catch (ConfigurationException)
        {
            return user;
        }
    }

    private static bool IsAlias(RecipientUser user) => user.Name.AsSpan().SequenceEqual("alias"u8);

    private static bool IsInAliasHome(byte[] local) =>
        UnixUsers.ByName("alias") is { } alias
        && Fd.TryStatus(
            [
                .. Fd.PathBytes(alias.Home)[..^1], (byte)'/',
                .. DotQmailNames.Exact("-"u8, local, [0]),
            ],
            out _) is { IsRegular: true };

    private static AddressMap? TryMap(ProgramContext context)
    {
        try
        {
            return AddressMap.Read(ControlDirectory.Of(context));
        }
        catch (ConfigurationException)
        {
            return null;
        }
    }
}
