using Kopis.Base;

namespace Kopis.Mail.Addresses;

/// <summary>Variable envelope return paths: senders <c>PREFIX@HOST-@[]</c> (contract §3).</summary>
public static class Verp
{
    private static readonly byte[] Suffix = "-@[]"u8.ToArray();

    /// <summary>Whether the sender is to be expanded for each recipient.</summary>
    public static bool IsVerp(ReadOnlySpan<byte> sender) =>
        sender.EndsWith(Suffix) && new Address(sender[..^Suffix.Length]).HasAt;

    /// <summary>
    /// <c>PREFIXR=D@HOST</c> for a recipient <c>R@D</c>; the sender as it is if it is no VERP
    /// sender or the recipient has no <c>@</c>.
    /// </summary>
    public static byte[] Expand(ReadOnlySpan<byte> sender, ReadOnlySpan<byte> recipient)
    {
        Address to = new(recipient);
        if (!IsVerp(sender) || !to.HasAt)
        {
            return sender.ToArray();
        }

        Address list = new(sender[..^Suffix.Length]);
        return [.. list.Local, .. to.Local, (byte)'=', .. to.Domain, .. list.AtDomain];
    }

    /// <summary>Where bounces go: what is before <c>-@[]</c>, as in qmail whatever that is. Of
    /// <c>-@[]</c> itself nothing is left, and its bounce is a double one.</summary>
    public static ReadOnlySpan<byte> BounceAddress(ReadOnlySpan<byte> sender) =>
        sender.EndsWith(Suffix) ? sender[..^Suffix.Length] : sender;
}
