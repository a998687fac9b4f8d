using Kopis.Base;

namespace Kopis.Tools.Forwarding;

/// <summary>
/// A forwarding database as fastforward 0.51 has it: key <c>:target</c> with commands that each end
/// in NUL, key <c>?target</c> with the owner's address. Targets are in lower case.
/// </summary>
internal sealed class ForwardTable
{
    /// <summary>The longest address of a command (fastforward 0.51).</summary>
    internal const int AddressBytesMax = 800;

    private readonly CdbWriter _cdb = new();

    /// <summary>The commands for a target; none leaves no record.</summary>
    internal void AddCommands(ReadOnlySpan<byte> target, IEnumerable<byte[]> commands)
    {
        byte[] data = [.. commands.SelectMany(command => (byte[])[.. command, 0])];
        if (data.Length > 0)
        {
            _cdb.Add([(byte)':', .. Ascii8.ToLower(target)], data);
        }
    }

    /// <summary>Who gets what bounces of the mail to a target.</summary>
    internal void AddOwner(ReadOnlySpan<byte> target, ReadOnlySpan<byte> owner) =>
        _cdb.Add([(byte)'?', .. Ascii8.ToLower(target)], owner);

    /// <summary>The database.</summary>
    internal byte[] ToArray() => _cdb.ToArray();

    /// <summary>A target's owner in a database; null if it has none.</summary>
    internal static byte[]? OwnerOf(ReadOnlySpan<byte> image, ReadOnlySpan<byte> target) =>
        Cdb.TryFind(image, [(byte)'?', .. Ascii8.ToLower(target)], out ReadOnlySpan<byte> owner)
            ? owner.ToArray()
            : null;

    /// <summary>A target's commands in a database; null if it has none.</summary>
    internal static IReadOnlyList<byte[]>? CommandsOf(
        ReadOnlySpan<byte> image, ReadOnlySpan<byte> target) =>
        Cdb.TryFind(image, [(byte)':', .. Ascii8.ToLower(target)], out ReadOnlySpan<byte> data)
            ? SplitAtNul(data)
            : null;

    /// <summary>Splits fields that end in NUL.</summary>
    /// <exception cref="InvalidDataException">The last one has none.</exception>
    internal static List<byte[]> SplitAtNul(ReadOnlySpan<byte> data)
    {
        List<byte[]> parts = [];
        while (!data.IsEmpty)
        {
            int end = data.IndexOf((byte)0);
            if (end < 0)
            {
                throw new InvalidDataException("A record of the database is cut short.");
            }

            parts.Add(data[..end].ToArray());
            data = data[(end + 1)..];
        }

        return parts;
    }
}
