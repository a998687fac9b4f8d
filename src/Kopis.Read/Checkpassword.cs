using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Net;
using Kopis.Posix;
using Kopis.Users;

namespace Kopis.Read;

/// <summary>
/// checkpassword PROG…: reads a name and a password from descriptor 3 and, where they are right,
/// runs PROG as that user (contract §10.2).
/// </summary>
public static class Checkpassword
{
    private const int Descriptor = 3;
    private const int FieldsBytesMax = 512;
    private const int ExitBad = 1;
    private const int ExitMisused = 2;

    /// <summary>The program; returns only where PROG is not run.</summary>
    public static int Run(ProgramContext context)
    {
        if (context.Arguments.Count == 0 || !Fd.IsInherited(Descriptor))
        {
            return ExitMisused;
        }

        byte[] fields = new byte[FieldsBytesMax + 1];
        try
        {
            int length = Fd.ReadToEnd(Descriptor, fields);
            Fd.Close(Descriptor);
            ReadOnlySpan<byte> rest = fields.AsSpan(0, length);

            // Three fields, each ended by NUL; what follows them is reserved.
            if (length > FieldsBytesMax
                || !TryCut(ref rest, out ReadOnlySpan<byte> name)
                || !TryCut(ref rest, out ReadOnlySpan<byte> password)
                || !TryCut(ref rest, out _))
            {
                return ExitMisused;
            }

            bool asRoot = Processes.EffectiveUid == 0; // So it can become a user of the host.
            Candidate candidate = new Accounts(context.Home, asRoot).Find(name);
            if (!candidate.Verify(password))
            {
                return ExitBad;
            }

            RunFor(candidate.Account!, context);
            return ExitCode.Temporary;
        }
        catch (PosixException e)
        {
            throw new ConfigurationException(e.Message, e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(fields);
        }
    }

    private static bool TryCut(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> field)
    {
        int end = rest.IndexOf((byte)0);
        field = rest[..Math.Max(0, end)];
        rest = rest[(end + 1)..];
        return end >= 0;
    }

    private static void RunFor(Account account, ProgramContext context)
    {
        string program = ProgramPath.Find(context.Environment, context.Arguments[0])
            ?? throw new PosixException($"find {context.ArgumentText(0)}", Errno.NoEntry);
        ByteEnvironment environment = context.Environment;
        environment["USER"] = Encoding.UTF8.GetBytes(account.Name);
        environment["HOME"] = Encoding.UTF8.GetBytes(account.Home);
        environment["SHELL"] = Encoding.UTF8.GetBytes(account.Shell);
        if (Processes.EffectiveUid == 0)
        {
            new ProcessIdentity(account.Uid, account.Gid, account.Gid).Exec(new ProcessStart
            {
                Path = program,
                Arguments = context.Arguments,
                Environment = environment,
                Directory = account.Home,
            });
        }

        Paths.ChangeDirectory(account.Home);
        Processes.Exec(program, context.Arguments, environment);
    }
}
