using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>Removes what is incomplete when the queue writer starts.</summary>
internal static class Recovery
{
    /// <summary>Empties <c>incoming/</c>, and removes body files whose record never became durable.
    /// Both belong to messages that never had a reply.</summary>
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
