using System.Buffers;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Server.Submission;

/// <summary><c>senders</c>: lines <c>account:address</c>, any number for each account. The address
/// may be <c>@domain</c> for a whole domain, or <c>*</c> for any address. ASCII case is ignored.
/// </summary>
internal sealed class SenderList
{
    // Characters that people write after an account.
    private static readonly SearchValues<byte> AccountEnds = SearchValues.Create(": \t=,;"u8);

    private readonly HashSet<string> _lines = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unclear = new(StringComparer.Ordinal);

    /// <summary>Reads the file. A faulty line allows nothing, and is logged.</summary>
    /// <exception cref="ConfigurationException">The file cannot be read.</exception>
    internal static SenderList Load(ControlDirectory control)
    {
        SenderList list = new();
        _ = control.ReadEach(ClientFiles.Senders, list.TryAdd, "ACCOUNT:ADDRESS");
        return list;
    }

    private bool TryAdd(byte[] line)
    {
        byte[] lower = Ascii8.ToLower(line);
        int colon = Array.IndexOf(lower, (byte)':');
        ReadOnlySpan<byte> address = lower.AsSpan(colon + 1);
        if (colon > 0 && (address.SequenceEqual("*"u8) || address.Contains((byte)'@')))
        {
            _lines.Add(ByteText.ToText(lower));
            return true;
        }

        int end = lower.AsSpan().IndexOfAny(AccountEnds);
        _unclear.Add(ByteText.ToText(end < 0 ? lower : lower[..end]));
        return false;
    }

    /// <summary>Whether a line about the account could not be parsed; it may have allowed other
    /// senders.</summary>
    internal bool IsUnclear(ReadOnlySpan<byte> account) =>
        _unclear.Contains(ByteText.ToText(Ascii8.ToLower(account)));

    /// <summary>Whether the account may send as the address.</summary>
    /// <param name="account">The account: an address, or a user of the host.</param>
    /// <param name="sender">The envelope sender; everybody may use the empty one.</param>
    /// <param name="me">The domain of users of the host.</param>
    internal bool Allows(
        ReadOnlySpan<byte> account, ReadOnlySpan<byte> sender, ReadOnlySpan<byte> me)
    {
        if (sender.IsEmpty)
        {
            return true;
        }

        byte[] user = Ascii8.ToLower(account);
        byte[] address = Ascii8.ToLower(sender);
        Address parts = new(address);
        return IsOwn(new Address(user), parts, Ascii8.ToLower(me))
            || Has(user, "*"u8)
            || Has(user, address)
            || (parts.HasAt && Has(user, parts.AtDomain));
    }

    // joe@d and its extensions, joe-list@d.
    private static bool IsOwn(Address user, Address address, ReadOnlySpan<byte> me)
    {
        ReadOnlySpan<byte> name = user.Local;
        ReadOnlySpan<byte> local = address.Local;
        return address.HasAt && address.Domain.SequenceEqual(user.HasAt ? user.Domain : me)
            && local.StartsWith(name)
            && (local.Length == name.Length || local[name.Length] == (byte)'-');
    }

    private bool Has(ReadOnlySpan<byte> user, ReadOnlySpan<byte> address) =>
        _lines.Contains(ByteText.ToText([.. user, (byte)':', .. address]));
}
