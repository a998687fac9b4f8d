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
    internal static void Clean(string mess, Action<string> log)
    {
        try
        {
            Directory.CreateDirectory(MessStore.Incoming(mess));
            foreach (string path in Directory.EnumerateFiles(MessStore.Incoming(mess)))
            {
                Paths.Unlink(path);
            }

            foreach ((ulong number, string path) in OwnFiles(mess))
            {
                if (!HasRecord(mess, number))
                {
                    log($"removing {path}: its message was never accepted");
                    Paths.Unlink(path);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{mess}: {e.Message}", e);
        }
    }

    /// <summary>
    /// The highest segment that a body's name speaks of: its segment may be gone, its numbers must
    /// not come again.
    /// </summary>
    internal static ulong LastNumbered(string mess) =>
        OwnFiles(mess).Select(file => MessageNumber.Segment(file.Number)).DefaultIfEmpty().Max();

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

    private static bool HasRecord(string mess, ulong number)
    {
        try
        {
            MessageFile.Open(mess, number).Dispose();
            return true;
        }
        catch (MessageNotFoundException)
        {
            return false;
        }
    }
}
