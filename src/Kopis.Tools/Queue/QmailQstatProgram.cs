using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Store.State;

namespace Kopis.Tools.Queue;

/// <summary><c>qmail-qstat</c>: counts the messages of the queue (contract §11).</summary>
public static class QmailQstatProgram
{
    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        int messages = 0;
        int unread = 0;
        try
        {
            // A message without a record is unprocessed only if no qmail-send runs: a running one
            // reads new messages at once, and may have this one in memory.
            bool isRunning = FileLocks.IsHeld(context.In("queue/lock/sendmutex"));
            foreach ((MessageFile file, SavedMessage? saved) in
                QueueListing.Read(context.Home).Messages())
            {
                file.Dispose();
                messages++;
                unread += saved is null && !isRunning ? 1 : 0;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"unable to read the queue: {e.Message}", e);
        }

        Fd.WriteAll(1, ByteText.ToBytes(
            $"messages in queue: {messages}\n"
            + $"messages in queue but not yet preprocessed: {unread}\n"));
        return ExitCode.Success;
    }
}
