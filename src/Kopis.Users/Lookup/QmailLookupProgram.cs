using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Lookup;

/// <summary>
/// <c>qmail-lookup --serve</c> answers the listeners' questions; <c>qmail-lookup ADDRESS</c> tells
/// an administrator what they would be told. Both are done by user qmailp, who may besides read
/// every file: qmail-start starts it so, and where root calls it, it changes into that first.
/// </summary>
public static class QmailLookupProgram
{
    private const string Reader = "--reader"; // Only from root; then descriptor 0 is the socket.
    private const string ReadersUser = "qmailp";
    private const int Listener = 0;

    // Of qmail-start only: for readers, a listening socket and one to qmail-popspawn.
    private const int Readers = 3;
    private const int Root = 4;
    private const int StandardError = 2;

    /// <summary>Runs it.</summary>
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

    // No child gets them.
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

    /// <summary>Changes into the same program with that right alone, in all of its threads.
    /// </summary>
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
