using System.Diagnostics.CodeAnalysis;
using System.Net;
using Kopis.Base;
using Kopis.Mail.Pop3;
using Kopis.Posix;
using Kopis.Users.Lookup;

namespace Kopis.Users.Logins;

/// <summary>Runs a <c>checkpassword</c> program (contract §10.2). It reads name, password and a
/// stamp from descriptor 3, and runs the rest of its command line if they are right. Exit code 0
/// means yes, 1 means no; any other code, a crash or a timeout means later.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as its process.")]
public sealed class CheckpasswordBackend(IReadOnlyList<byte[]> words, ByteEnvironment environment)
    : PasswordOnly
{
    private const int ProgramsMax = 20;
    private const int Kill = 9;
    private const int ExitBad = 1;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _room = new(ProgramsMax);
    private readonly Lazy<ChildReaper> _reaper = new(() => new ChildReaper());

    /// <inheritdoc/>
    public override async Task<LoginAnswer> CheckPasswordAsync(
        IPAddress peer, byte[] name, byte[] secret, CancellationToken stop)
    {
        byte[] fields = PasswordFields.Format(name, secret, []); // There is no APOP here.
        if (fields.Length > PasswordFields.BytesMax)
        {
            return LoginAnswer.No;
        }

        if (!await _room.WaitAsync(Timeout, stop))
        {
            return LoginAnswer.Later;
        }

        try
        {
            WaitStatus status = await RunAsync(fields, stop);
            return status.Crashed ? LoginAnswer.Later
                : status.ExitCode == ExitCode.Success
                    ? new LoginAnswer(LookupVerdict.Yes, ByteText.ToText(name))
                : status.ExitCode == ExitBad ? LoginAnswer.No
                : LoginAnswer.Later;
        }
        catch (PosixException)
        {
            return LoginAnswer.Later;
        }
        finally
        {
            _room.Release();
        }
    }

    private async Task<WaitStatus> RunAsync(byte[] fields, CancellationToken stop)
    {
        string path = ProgramPath.Find(environment, words[0])
            ?? throw new PosixException("find checkpassword", Errno.NoEntry);
        int pid = Start(path, fields);
        Task<WaitStatus> ended = _reaper.Value.WaitAsync(pid);
        try
        {
            return await ended.WaitAsync(Timeout, stop);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            Processes.Signal(-pid, Kill); // It leads a process group of its own.
            WaitStatus killed = await ended;
            stop.ThrowIfCancellationRequested();
            return killed;
        }
    }

    private int Start(string path, byte[] fields)
    {
        (int read, int write) = Fd.Pipe();
        int none = Fd.Open("/dev/null", OpenFlags.ReadWrite);
        try
        {
            // The fields fit into the pipe, even if the program does not read them.
            Fd.WriteAll(write, fields);
            return new ProcessStart
            {
                Path = path,
                Arguments = words,
                Environment = environment,
                OwnGroup = true,
                Descriptors = new Dictionary<int, int>
                {
                    [0] = none,
                    [1] = none,
                    [2] = 2,
                    [3] = read,
                },
            }.Start();
        }
        finally
        {
            Fd.Close(read);
            Fd.Close(write);
            Fd.Close(none);
        }
    }
}
