namespace Kopis.Local.Delivery;

/// <summary>
/// What is to be delivered to whom: qmail-local's eight arguments (contract §7.5).
/// </summary>
/// <param name="User">USER for programs; a name for people.</param>
/// <param name="Home">The directory that relative names start from; begins with a slash.</param>
/// <param name="Local">The address before its last <c>@</c>.</param>
/// <param name="Dash">What stands before the extension in file names; may be empty.</param>
/// <param name="Ext">The extension, in the sender's own case.</param>
/// <param name="Host">The address after its last <c>@</c>.</param>
/// <param name="Sender">The envelope sender.</param>
/// <param name="DefaultDelivery">Instructions where the user has none.</param>
internal sealed record DeliveryRequest(
    byte[] User, byte[] Home, byte[] Local, byte[] Dash,
    byte[] Ext, byte[] Host, byte[] Sender, byte[] DefaultDelivery)
{
    internal const int FieldCount = 8;

    /// <summary>The recipient's whole address.</summary>
    internal byte[] Recipient => [.. Local, (byte)'@', .. Host];

    /// <summary>
    /// The eight in order; null where they are not eight or the home is relative.
    /// </summary>
    internal static DeliveryRequest? From(IReadOnlyList<byte[]> fields) =>
        fields.Count == FieldCount && fields[1].AsSpan().StartsWith("/"u8)
            ? new DeliveryRequest(
                fields[0], fields[1], fields[2], fields[3],
                fields[4], fields[5], fields[6], fields[7])
            : null;

    /// <summary>The eight in order.</summary>
    internal byte[][] ToFields() =>
        [User, Home, Local, Dash, Ext, Host, Sender, DefaultDelivery];

    /// <summary>A name as the user means it: from the home. Ends in NUL, as system calls want it.
    /// </summary>
    internal byte[] PathOf(ReadOnlySpan<byte> name) =>
        name.StartsWith("/"u8) ? [.. name, 0] : [.. Home, (byte)'/', .. name, 0];
}
