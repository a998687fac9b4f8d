namespace Kopis.Local.Delivery;

/// <summary>One delivery: qmail-local's eight arguments (contract §7.5).</summary>
/// <param name="User">USER for programs; a name for people.</param>
/// <param name="Home">The directory that relative names start from; begins with a slash.</param>
/// <param name="Local">The address before its last <c>@</c>.</param>
/// <param name="Dash">The part before the extension in file names; may be empty.</param>
/// <param name="Ext">The extension, in the sender's case.</param>
/// <param name="Host">The address after its last <c>@</c>.</param>
/// <param name="Sender">The envelope sender.</param>
/// <param name="DefaultDelivery">The instructions of users who have none of their own.</param>
internal sealed record DeliveryRequest(
    byte[] User, byte[] Home, byte[] Local, byte[] Dash,
    byte[] Ext, byte[] Host, byte[] Sender, byte[] DefaultDelivery)
{
    internal const int FieldCount = 8;

    /// <summary>The recipient's whole address.</summary>
    internal byte[] Recipient => [.. Local, (byte)'@', .. Host];

    /// <summary>Makes a request from the eight arguments in order; null if there are not eight, or
    /// the home is relative.</summary>
    internal static DeliveryRequest? From(IReadOnlyList<byte[]> fields) =>
        fields.Count == FieldCount && fields[1].AsSpan().StartsWith("/"u8)
            ? new DeliveryRequest(
                fields[0], fields[1], fields[2], fields[3],
                fields[4], fields[5], fields[6], fields[7])
            : null;

    /// <summary>The eight arguments in order.</summary>
    internal byte[][] ToFields() =>
        [User, Home, Local, Dash, Ext, Host, Sender, DefaultDelivery];

    /// <summary>The path of a name, which is relative to the home, with a NUL at the end for system
    /// calls.</summary>
    internal byte[] PathOf(ReadOnlySpan<byte> name) =>
        name.StartsWith("/"u8) ? [.. name, 0] : [.. Home, (byte)'/', .. name, 0];
}
