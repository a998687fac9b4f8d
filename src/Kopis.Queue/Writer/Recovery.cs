using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue;

/// <summary>What the queue writer does at its start: nothing half-made stays.</summary>
internal static class Recovery
{
    /// <summary>
    /// Empties <c>incoming/</c> and removes bodies whose record never became durable. Both belong
    /// to submissions that were never answered.
    /// </summary>
    /// <exception cref="IOException">The directory cannot be read or changed.</exception>
    internal static void Clean(string mess, Action<string> log)
    {
        Directory.CreateDirectory(MessStore.Incoming(mess));
        foreach (string path in Directory.EnumerateFiles(MessStore.Incoming(mess)))
        {
            Paths.Unlink(path);
        }

        foreach ((ulong number, string path) in OwnFiles(mess))
        {
            if (!MessageFile.HasOwnFileRecord(mess, number))
            {
                log($"warning: removing {path}: no record speaks of it");
                Paths.Unlink(path);
            }
        }
    }

    private static IEnumerable<(ulong Number, string Path)> OwnFiles(string mess)
    {
        foreach (string path in Directory.EnumerateFiles(mess))
        {
            if (MessageNumber.TryParse(
                ByteText.ToBytes(Path.GetFileName(path)), out ulong number))
            {
                yield return (number, path);
            }
        }
    }
}
