namespace Kopis.Mail.Addresses;

/// <summary>One target of a line of .forward or of /etc/aliases.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The box of an address, the command, or the file's name; unquoted.</param>
/// <param name="Host">An address's host as written; null if there is none.</param>
public sealed record ForwardTarget(ForwardTargetKind Kind, byte[] Text, byte[]? Host)
{
    /// <summary>The whole address, its host completed as qmail-inject does it.</summary>
    public byte[] Complete(AddressDefaults defaults) =>
    [
        .. Text, (byte)'@',
        .. AddressList.CompleteHost(Host is { Length: > 0 } ? Host : defaults.Host, defaults),
    ];
}
