using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>What the queue writer does at its start: it removes what is incomplete.</summary>
internal static class Recovery
{
    /// <summary>
    /// Empties <c>incoming/</c> and removes bodies whose record never became durable. Both belong
    /// to intakes that were never answered.
    /// </summary>
    /// <exception cref="IOException">The directory cannot be read or changed.</exception>
    internal static void Clean(IFileSystem files, string mess, Action<string> log)
    {
        string incoming = MessStore.Incoming(mess);
        foreach (string name in files.FileNames(incoming))
        {
            files.Unlink(Path.Combine(incoming, name));
        }

        foreach ((ulong number, string path) in MessStore.OwnFiles(files, mess))
        {
            if (!MessageFile.HasOwnFileRecord(files, mess, number))
            {
                log($"warning: removing {path}: no record speaks of it");
                files.Unlink(path);
            }
        }
    }
}
