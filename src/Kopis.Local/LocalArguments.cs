namespace Kopis.Local;

/// <summary>The eight arguments of qmail-local (contract §7.5), byte for byte.</summary>
internal sealed record LocalArguments(
    byte[] User, byte[] Home, byte[] Local, byte[] Dash, byte[] Ext, byte[] Domain,
    byte[] Sender, byte[] DefaultDelivery)
{
    internal const int Count = 8;

    internal static LocalArguments From(IReadOnlyList<byte[]> fields) => new(
        fields[0], fields[1], fields[2], fields[3], fields[4], fields[5], fields[6], fields[7]);

    internal IReadOnlyList<byte[]> Fields =>
        [User, Home, Local, Dash, Ext, Domain, Sender, DefaultDelivery];
}
