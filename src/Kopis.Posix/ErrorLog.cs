using System.Runtime.ExceptionServices;
using Kopis.Base;

namespace Kopis.Posix;

/// <summary>Reports an exception that nothing catches, on any thread: one line, and exit code 111.
/// In the log of a service the line ends with the stack trace; a person sees none.</summary>
public static class ErrorLog
{
    private const int StandardError = 2;

    /// <summary>From now on, an uncaught exception becomes one line.</summary>
    /// <param name="program">The program's name.</param>
    /// <param name="isService">Whether standard error is a log.</param>
    public static void Watch(string program, bool isService) =>
        AppDomain.CurrentDomain.UnhandledException += (_, e) =>
        {
            bool isLog = isService && !Terminal.Is(StandardError);
            Write(Line(program, (Exception)e.ExceptionObject, isLog));
            Processes.ExitNow(ExitCode.Temporary);
        };

    /// <summary>Observes a task that nothing awaits: an exception in it ends the process.</summary>
    public static void Watch(Task task) => task.ContinueWith(
        static ended => Throw(ended.Exception!.GetBaseException()),
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    /// <summary>Ends the process because of a bug, where an exception would be swallowed.</summary>
    public static void Throw(Exception bug)
    {
        ExceptionDispatchInfo seen = ExceptionDispatchInfo.Capture(bug);
        new Thread(seen.Throw).Start();
    }

    /// <summary>An exception with its trace, on one line, for a log.</summary>
    public static string Of(Exception bug) => OneLine(
        $"{Name(bug)}{bug.Message}"
        + (bug.StackTrace is { } frames
            ? " [" + string.Join(" < ", frames.Split('\n').Select(Frame)) + "]" : ""));

    /// <summary>The line, without its line end.</summary>
    internal static string Line(string program, Exception bug, bool withTrace) =>
        $"{program}: fatal: {(withTrace ? Of(bug) : OneLine(Name(bug) + bug.Message))}";

    // A system error needs no type name, but a bug of ours does.
    private static string Name(Exception bug) =>
        bug is IOException or UnauthorizedAccessException or OutOfMemoryException
            ? "" : $"unexpected {bug.GetType().Name}: ";

    /// <summary>Writes a line to standard error, if there is one.</summary>
    public static void Write(string line)
    {
        try
        {
            Fd.WriteAll(StandardError, RawText.ToBytes(LogPriority.Mark(line) + "\n"));
        }
        catch (PosixException)
        {
            // Standard error is closed, full or gone; the exit code remains.
        }
    }

    private static string Frame(string line) =>
        line.Trim() is ['a', 't', ' ', .. string name] ? name : line.Trim();

    private static string OneLine(string text) =>
        string.Concat(text.Select(c => c is '\n' or '\r' ? ' ' : c));
}
