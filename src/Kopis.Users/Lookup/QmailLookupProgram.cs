using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Lookup;

/// <summary><c>qmail-lookup --serve</c> answers the listeners' questions; <c>qmail-lookup
/// ADDRESS</c> shows an administrator the same answer. Both run as user qmailp with the right to
/// read every file: qmail-start starts it in that way, and if root runs it, it changes to that user
/// first.</summary>
public static class QmailLookupProgram
{
    private const string Reader = "--reader"; // Only from root. Descriptor 0 is then the socket.
    private const string ReadersUser = "qmailp";
    private const int Listener = 0;

    // From qmail-start only: a listening socket for readers, and a socket to qmail-popspawn.
    private const int Readers = 3;
    private const int Root = 4;
    private const int StandardError = 2;

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        List<string> words = [.. context.Arguments.Select(word => ByteText.ToText(word))];
        bool isRoot = Processes.EffectiveUid == 0;
        bool isReader = words.Remove(Reader) && !isRoot;
        bool singleUser = words.Remove("--single-user") || (!isRoot && !isReader);
        bool serves = words is ["--serve"];
        if (!serves && words is not [[not '-', ..]])
        {
            Fd.WriteAll(StandardError, "usage: qmail-lookup ADDRESS\n"u8);
            return ExitCode.Permanent;
        }

        if (!singleUser && !isReader)
        {
            Socket? listener = serves ? LookupSocket.Listen(context.Home) : null;
            return BecomeReader(context, ByteText.ToBytes(words[0]), listener);
        }

        LookupService desk = new(context, singleUser, serves && isReader ? InheritReaders() : null);
        return !serves ? desk.Tell(ByteText.ToBytes(words[0]))
            : desk.Serve(() => isReader
                ? new Socket(new SafeSocketHandle(Listener, ownsHandle: true))
                : LookupSocket.Listen(context.Home));
    }

    // Child processes must not inherit them.
    private static (int Listener, int Root)? InheritReaders()
    {
        if (!Fd.IsInherited(Readers) || !Fd.IsInherited(Root))
        {
            return null;
        }

        Fd.SetCloseOnExec(Readers);
        Fd.SetCloseOnExec(Root);
        return (Readers, Root);
    }

    /// <summary>Starts the same program again as qmailp with only that right, so that it holds for
    /// all threads.</summary>
    private static int BecomeReader(ProgramContext context, byte[] word, Socket? listener)
    {
        if (listener is not null)
        {
            Descriptors.Place(((int)listener.Handle, Listener));
        }

        (ProcessIdentity.Of(UnixUsers.Required(ReadersUser)) with { MayReadAll = true })
            .Exec(ProcessStart.Own(context, "qmail-lookup", ByteText.ToBytes(Reader), word));
        return ExitCode.Temporary;
    }
}
