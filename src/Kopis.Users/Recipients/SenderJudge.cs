using Kopis.Base;
using Kopis.Control;

namespace Kopis.Users;

/// <summary>Whether an address is an alias that goes to a user himself, who may then send as it.
/// A catch-all gives nobody that right: <c>control/senders</c> can.</summary>
public sealed class SenderJudge(string home)
{
    private readonly VirtualAliases _aliases = new(home);
    private readonly ControlDirectory _control = new(Path.Combine(home, "control"));

    /// <summary>Judges.</summary>
    /// <param name="account">Who has logged in: an address, or a user of the host.</param>
    /// <param name="sender">The address he wants to send as.</param>
    /// <exception cref="ConfigurationException">It cannot be said at present.</exception>
    public LookupVerdict Judge(ReadOnlySpan<byte> account, ReadOnlySpan<byte> sender)
    {
        byte[] owner = account.Contains((byte)'@')
            ? account.ToArray()
            : [.. account, (byte)'@', .. _control.ReadLine("me") ?? []];
        return sender is [not (byte)'@', ..]
            && _aliases.Find(sender).Contains(ByteText.ToText(Ascii8.ToLower(owner)))
                ? LookupVerdict.Yes
                : LookupVerdict.No;
    }
}
