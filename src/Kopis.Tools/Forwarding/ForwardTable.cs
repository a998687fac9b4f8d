using Kopis.Base;

namespace Kopis.Tools.Forwarding;

/// <summary>A forwarding database in the format of fastforward 0.51. Key <c>:target</c> has
/// commands that each end in NUL; key <c>?target</c> has the owner's address. Targets are in lower
/// case.</summary>
internal sealed class ForwardTable
{
    /// <summary>The longest address in a command (fastforward 0.51).</summary>
    internal const int AddressBytesMax = 800;

    private readonly CdbWriter _cdb = new();

    /// <summary>Sets the commands of a target; without commands no record is made.</summary>
    internal void AddCommands(ReadOnlySpan<byte> target, IEnumerable<byte[]> commands)
    {
        byte[] data = [.. commands.SelectMany(command => (byte[])[.. command, 0])];
        if (data.Length > 0)
        {
            _cdb.Add([(byte)':', .. Ascii8.ToLower(target)], data);
        }
    }

    /// <summary>Sets the owner, who receives bounces of mail to a target.</summary>
    internal void AddOwner(ReadOnlySpan<byte> target, ReadOnlySpan<byte> owner) =>
        _cdb.Add([(byte)'?', .. Ascii8.ToLower(target)], owner);

    /// <summary>The bytes of the database.</summary>
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

    /// <summary>Splits fields, each of which ends in NUL.</summary>
    /// <exception cref="InvalidDataException">The last field has no NUL.</exception>
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
