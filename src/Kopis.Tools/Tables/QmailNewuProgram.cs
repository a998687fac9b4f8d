using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.Tables;

/// <summary><c>qmail-newu</c>: compiles users/assign to users/cdb, which takes effect at once
/// (contract §7.4).</summary>
public static class QmailNewuProgram
{
    private const int ReadableByAll = 0x1B; // umask 033.
    private const int PlainFile = 0x1B6; // 0666
    private const int AssignBytesMax = 512 * 1024 * 1024; // Some millions of users.

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        Processes.SetFileModeMask(ReadableByAll);
        string temporary = context.In("users/cdb.tmp");
        byte[] assign = Try("read users/assign", () =>
            BoundedFile.Read(context.In("users/assign"), AssignBytesMax));
        byte[] cdb = AssignCompiler.Compile(assign);
        int fd = Try("open users/cdb.tmp", () => Fd.Open(
            temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, PlainFile));
        Try("write users/cdb.tmp", () =>
        {
            Fd.WriteAll(fd, cdb);
            Fd.Sync(fd);
            Fd.Close(fd);
            return 0;
        });
        Try("move users/cdb.tmp to users/cdb", () =>
        {
            Paths.Rename(temporary, context.In("users/cdb"));
            Fd.SyncDirectory(context.In("users"));
            return 0;
        });
        return ExitCode.Success;
    }

    private static T Try<T>(string what, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"unable to {what}", e);
        }
    }
}
