namespace Kopis.Mail.Addresses;

/// <summary>One target in a line of .forward or /etc/aliases.</summary>
/// <param name="Kind">The kind of the target.</param>
/// <param name="Text">The local part of an address, the command, or the file's name, unquoted.
/// </param>
/// <param name="Host">The host of an address as written; null if there is none.</param>
public sealed record ForwardTarget(ForwardTargetKind Kind, byte[] Text, byte[]? Host)
{
    /// <summary>The whole address, with its host completed as in qmail-inject.</summary>
    public byte[] Complete(AddressDefaults defaults) =>
    [
        .. Text, (byte)'@',
        .. AddressList.CompleteHost(Host is { Length: > 0 } ? Host : defaults.Host, defaults),
    ];
}
