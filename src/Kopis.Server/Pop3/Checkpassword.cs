using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Mail.Pop3;
using Kopis.Posix;
using Kopis.Users.Logins;

namespace Kopis.Server.Pop3;

/// <summary>checkpassword PROG…: reads a name and a password from descriptor 3 and, if they are
/// right, runs PROG as that user (contract §10.2).</summary>
public static class Checkpassword
{
    private const int Descriptor = 3;
    private const int ExitBad = 1;
    private const int ExitMisused = 2;

    /// <summary>Runs the program; returns only if PROG is not run.</summary>
    public static int Run(ProgramContext context)
    {
        if (context.Arguments.Count == 0 || !Fd.IsInherited(Descriptor))
        {
            return ExitMisused;
        }

        byte[] fields = new byte[PasswordFields.BytesMax + 1];
        try
        {
            int length = Fd.ReadToEnd(Descriptor, fields);
            Fd.Close(Descriptor);
            if (!PasswordFields.TryParse(fields.AsSpan(0, length), out var name, out var secret))
            {
                return ExitMisused;
            }

            // Only root can become a user of the host.
            Candidate found = new Accounts(context.Home, Processes.EffectiveUid == 0).Find(name);
            if (!found.Verify(secret))
            {
                return ExitBad;
            }

            RunFor(found.Account!, context);
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

    private static void RunFor(Account account, ProgramContext context)
    {
        string program = ProgramPath.Find(context.Environment, context.Arguments[0])
            ?? throw new PosixException($"find {context.ArgumentText(0)}", Errno.NoEntry);
        ByteEnvironment environment = context.Environment;
        environment["USER"] = Encoding.UTF8.GetBytes(account.Name);
        environment["HOME"] = Encoding.UTF8.GetBytes(account.Home);
        environment["SHELL"] = Encoding.UTF8.GetBytes(account.Shell);
        new ProcessStart
        {
            Path = program,
            Arguments = context.Arguments,
            Environment = environment,
            Directory = account.Home,
            Identity = Processes.EffectiveUid == 0
                ? new ProcessIdentity(account.Uid, account.Gid, account.Gid) : null,
        }.Exec();
    }
}
