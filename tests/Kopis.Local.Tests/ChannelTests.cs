using System.Buffers.Binary;
using CsCheck;
using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Local.Spawn;
using Kopis.Local.Worker;
using Kopis.Posix;
using Kopis.Queue.Intake;

namespace Kopis.Local.Tests;

/// <summary>The frames between qmail-lspawn and qmail-local, from friends and from enemies.
/// </summary>
public sealed class ChannelTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("kopis-local-").FullName;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public void A_grant_and_an_order_survive_the_way()
    {
        DeliveryRequest request = Requests.Of(ext: "\u00ff-x", sender: "");
        LocalGrant grant = LocalChannel.ParseGrant(Grant(7, request));
        Assert.Equal(7u, grant.Id);
        Assert.Equal(request.ToFields(), grant.Request.ToFields());
        byte[] frame = LocalChannel.FormatOrder(7, ownFile: false, "a\nb@c"u8, 3);
        "abc"u8.CopyTo(frame.AsSpan(frame.Length - 3));
        LocalCommand order = LocalChannel.ParseOrder(frame[LocalChannel.LengthBytes..]);
        Assert.Equal((7u, false), (order.Id, order.OwnFile));
        Assert.Equal("a\nb@c"u8, order.Sender);
        Assert.Equal("abc"u8, order.Body.Span);
    }

    [Fact]
    public void What_gives_a_delivery_its_rights_is_of_one_form()
    {
        byte[] grant = Grant(7, Requests.Of(sender: ""));
        Assert.Throws<InvalidDataException>(() => LocalChannel.ParseGrant(grant.AsSpan()[..^1]));
        Assert.Throws<InvalidDataException>(() => LocalChannel.ParseGrant([.. grant, 0]));
        Assert.Throws<InvalidDataException>(() => LocalChannel.ParseGrant(grant.AsSpan(0, 3)));

        // A sender there could only come of a NUL in another field.
        Assert.Throws<InvalidDataException>(
            () => LocalChannel.ParseGrant(Grant(7, Requests.Of(sender: "|id"))));
    }

    [Fact]
    public void Garbage_is_never_anything_but_invalid() => Gen.Byte.Array[0, 80].Sample(bytes =>
    {
        try
        {
            Assert.Equal((byte)'/', LocalChannel.ParseGrant(bytes).Request.Home[0]);
        }
        catch (InvalidDataException)
        {
            // The one answer to it.
        }

        if (bytes.Length <= LocalChannel.HeadBytes)
        {
            Assert.Throws<InvalidDataException>(() => LocalChannel.ParseOrder(bytes));
        }

        if (bytes.Length < LocalChannel.HeadBytes)
        {
            Assert.Throws<InvalidDataException>(() => LocalChannel.ParseAnswer(bytes));
        }
    });

    [Fact]
    public void Roots_replies_survive_the_way() => Gen.Select(Gen.UInt, Gen.UInt, Gen.Byte).Sample(
        (id, local, code) =>
        {
            RootReply reply = new(id, local, code);
            Assert.Equal(reply, RootReply.Parse(reply.Format()));
        });

    [Fact]
    public void Frames_are_cut_whatever_the_blocks() =>
        Gen.Select(Gen.Int[0, 40_000].Array[1, 6], Gen.Int[1, 50_000]).Sample((lengths, block) =>
        {
            byte[] stream = [.. lengths.SelectMany(Frame)];
            FrameReader reader = new(40_000);
            List<int> got = [];
            for (int at = 0; at < stream.Length;)
            {
                Span<byte> space = reader.Space();
                int count = Math.Min(Math.Min(block, space.Length), stream.Length - at);
                stream.AsSpan(at, count).CopyTo(space);
                reader.Advance(count);
                at += count;
                while (reader.TryTake() is { } frame)
                {
                    got.Add(frame.Length);
                }
            }

            Assert.Equal(lengths, got);
        });

    [Theory]
    [InlineData(101u)]
    [InlineData(0x8000_0000u)]
    [InlineData(0xFFFF_FFFFu)]
    public void A_length_is_checked_before_it_is_believed(uint length)
    {
        FrameReader reader = new(100);
        BinaryPrimitives.WriteUInt32LittleEndian(reader.Space(), length);
        reader.Advance(4);
        Assert.Throws<InvalidDataException>(() => reader.TryTake());
    }

    [Theory]
    [InlineData(0)] // An answer to no order.
    [InlineData(1)] // A frame too short for an answer.
    [InlineData(2)] // A frame longer than any answer.
    [InlineData(3)] // It wants a place for a delivery of another.
    [InlineData(4)] // It gives one back.
    [InlineData(5)] // It says something with it.
    public void A_hostile_qmail_local_is_found_out(int kind)
    {
        (int ours, int theirs) = Fd.SocketPair();
        WarmLocal local = new(ours, new ProgramPlaces(1, 1));
        byte[] answer = kind switch
        {
            0 => LocalChannel.FormatAnswer(5, 0, "did 1+0+0\n"u8),
            1 => [1, 0, 0, 0, 9],
            3 => LocalChannel.FormatAnswer(5, LocalChannel.PlaceWanted, []),
            4 => LocalChannel.FormatAnswer(5, LocalChannel.PlaceFree, []),
            5 => LocalChannel.FormatAnswer(5, LocalChannel.PlaceWanted, "x"u8),
            _ => [0, 0, 1, 0],
        };
        FdPassing.Send(theirs, answer, theirs); // And a descriptor that nobody asked for.
        Assert.Throws<InvalidDataException>(() => local.Read((_, _) => Assert.Fail("believed")));
        Fd.Close(theirs);
        local.Close();
    }

    [Fact]
    public void Places_end_with_their_delivery_or_process()
    {
        (int ours, int theirs) = Fd.SocketPair();
        ProgramPlaces places = new(1, 1);
        WarmLocal local = new(ours, places);
        List<byte> ended = [];
        for (uint id = 0; id < 3; id++)
        {
            local.Order(id, new PendingDelivery((byte)(id + 10), "joe", [1], -1));
            Say(id, LocalChannel.PlaceWanted);
        }

        Assert.Equal(0u, places.DequeueGranted());
        Assert.Null(places.DequeueGranted());
        Say(1, LocalChannel.PlaceFree); // It waits no more.
        Say(0, ExitCode.Success); // The place was not given back.
        Assert.Equal([10], ended);
        Assert.Equal(2u, places.DequeueGranted());
        Assert.Throws<InvalidDataException>(() => Say(1, LocalChannel.PlaceFree));
        local.Close();
        Assert.False(places.Remove(2));
        Fd.Close(theirs);

        void Say(uint id, int code)
        {
            Fd.WriteAll(theirs, LocalChannel.FormatAnswer(id, code, []));
            Assert.True(local.Read((slot, _) => ended.Add(slot)));
        }
    }

    [Fact]
    public void A_program_runs_once_it_has_a_place()
    {
        Service service = new(Site());
        service.Grant(1, In("|echo ran > did"));
        service.Order(1, "x\n\n"u8);
        Assert.Equal((1u, (int)LocalChannel.PlaceWanted), service.Code());
        Assert.False(File.Exists(_home + "/did"));
        service.EndGrants(); // It may still be told.
        service.Say(LocalChannel.FormatPlace(1));
        Assert.Equal((1u, (int)LocalChannel.PlaceFree), service.Code());
        Assert.Equal("ran\n", File.ReadAllText(_home + "/did"));
        Assert.Equal((1u, ExitCode.Success), service.Code());
        Assert.Null(service.End(hangUp: false)); // Nothing is left to do.
    }

    [Fact]
    public void Who_waits_for_a_place_when_the_spawner_ends_does_not_run()
    {
        Service service = new(Site());
        service.Grant(1, In("|echo ran > did"));
        service.Order(1, "x\n\n"u8);
        Assert.Equal((1u, (int)LocalChannel.PlaceWanted), service.Code());
        Assert.Null(service.End());
        Assert.False(File.Exists(_home + "/did"));
    }

    [Fact]
    public void A_qmail_local_that_hangs_up_is_noticed()
    {
        (int ours, int theirs) = Fd.SocketPair();
        WarmLocal local = new(ours, new ProgramPlaces(1, 1));
        Assert.True(local.Read((_, _) => { })); // Nothing yet.
        Fd.Close(theirs);
        Assert.False(local.Read((_, _) => { }));
        local.Close();
    }

    [Fact]
    public void Orders_are_answered_by_their_numbers()
    {
        Service service = new(Site());
        for (uint id = 0; id < 50; id++)
        {
            service.Grant(id, In("./-/x"));
            service.Order(id, "x\n\n"u8);
        }

        int file = UnnamedFile.InMemory("own");
        Fd.WriteAt(file, "\0\0\0Subject: own\n\nbody\n"u8, 0);
        Fd.Seek(file, 3); // The message begins behind a gap.
        service.Grant(50, In("./box"));
        service.Order(50, [], file);
        Fd.Close(file);
        Dictionary<uint, string> answers = service.Answers(51);
        Assert.All(Enumerable.Range(0, 50), id => Assert.Equal(
            "111 Unable to open ./-/x: file does not exist. (#4.2.1)\n", answers[(uint)id]));
        Assert.Equal("0 did 1+0+0\n", answers[50]);
        Assert.Contains("Return-Path: <s@x>\n", File.ReadAllText(_home + "/box"));
        Assert.Contains("Subject: own\n", File.ReadAllText(_home + "/box"));
        Assert.Null(service.End());
    }

    [Fact]
    public void What_was_granted_is_done_although_nothing_more_is()
    {
        Service service = new(Site());
        service.Grant(1, In("./box"));
        service.EndGrants();
        service.Order(1, "x\n\n"u8);
        Assert.Equal("0 did 1+0+0\n", service.Answers(1)[1]);
        Assert.Null(service.End());
    }

    [Theory]
    [InlineData("length")]
    [InlineData("head")]
    [InlineData("descriptor")]
    [InlineData("fields")]
    [InlineData("grant")]
    [InlineData("grants")]
    [InlineData("place")]
    [InlineData("place and more")]
    public void Nonsense_ends_the_server_but_not_what_runs(string kind)
    {
        Service service = new(Site());
        service.Grant(1, In("./-/x"));
        service.Order(1, "x\n\n"u8);
        Assert.StartsWith("111 ", service.Answers(1)[1]);
        service.Grant(2, In("./box"));
        switch (kind)
        {
            case "length":
                service.Say([255, 255, 255, 255]);
                break;
            case "head":
                service.Say([3, 0, 0, 0, 2, 0, 0]);
                break;
            case "descriptor": // It announces one that does not come.
                service.Say(LocalChannel.FormatOrder(2, ownFile: true, "s@x"u8, 0));
                break;
            case "fields":
                service.Grant([3, 0, 0, 0, 65, 0]);
                break;
            case "place": // Nobody waits for one.
                service.Say(LocalChannel.FormatPlace(1));
                break;
            case "place and more":
                service.Say([6, 0, 0, 0, 1, 0, 0, 0, LocalChannel.PlaceGranted, 0]);
                break;
            case "grant":
                service.EndGrants();
                service.Order(3, "x\n\n"u8);
                break;
            default:
                for (uint id = 2; id < 300; id++)
                {
                    service.Grant(id, In("./box"));
                }

                break;
        }

        Assert.IsType<InvalidDataException>(service.End(hangUp: false));
        Assert.False(File.Exists(_home + "/box"));
    }

    [Fact]
    public void An_order_that_was_cut_off_is_not_delivered()
    {
        Service service = new(Site());
        service.Grant(1, In("./box"));
        service.Say(LocalChannel.FormatOrder(1, ownFile: false, "s@x"u8, 9).AsSpan()[..^1]);
        Assert.Null(service.End());
        Assert.False(File.Exists(_home + "/box"));
    }

    [Fact]
    public void Threads_are_few_and_finish_their_work()
    {
        WorkerThreads workers = new(3);
        using Barrier three = new(3);
        int done = 0;
        for (int i = 0; i < 30; i++)
        {
            workers.Add(() =>
            {
                three.SignalAndWait(); // Passes only where three run at once.
                Interlocked.Increment(ref done);
            });
        }

        workers.Finish();
        Assert.Equal(30, done);
    }

    private static IEnumerable<byte> Frame(int length)
    {
        byte[] frame = new byte[LocalChannel.LengthBytes + length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, length);
        return frame;
    }

    private LocalSite Site() =>
        new(new(), TimeProvider.System, new IntakePool(_home),
            Posix.FileSystem.Real, true);

    private DeliveryRequest In(string defaultDelivery) =>
        Requests.Of(home: _home, sender: "", defaultDelivery: defaultDelivery);

    private static byte[] Grant(uint id, DeliveryRequest request) =>
    [
        .. BitConverter.GetBytes(id),
        .. request.ToFields().SelectMany(field => (byte[])[.. field, 0]),
    ];

    /// <summary>A warm qmail-local and both halves of qmail-lspawn.</summary>
    private sealed class Service
    {
        private readonly (int Ours, int Theirs) _grants = Fd.PacketSocketPair();
        private readonly (int Ours, int Theirs) _orders = Fd.SocketPair();
        private readonly FrameReader _codes = new(LocalChannel.AnswerBytesMax);
        private readonly Thread _thread;
        private Exception? _error;

        internal Service(LocalSite site)
        {
            _thread = new Thread(() =>
            {
                try
                {
                    new LocalServer(site, _grants.Theirs, _orders.Theirs).Serve();
                }
                catch (InvalidDataException e)
                {
                    _error = e;
                }

                Fd.Close(_grants.Theirs);
                Fd.Close(_orders.Theirs);
            });
            _thread.Start();
        }

        internal void Grant(uint id, DeliveryRequest request) =>
            Grant(ChannelTests.Grant(id, request));

        internal void Grant(byte[] packet) => Send(_grants.Ours, packet, -1);

        internal void EndGrants() => Fd.ShutdownWrite(_grants.Ours);

        internal void Order(uint id, ReadOnlySpan<byte> body, int ownFile = -1)
        {
            byte[] frame = LocalChannel.FormatOrder(id, ownFile >= 0, "s@x"u8, body.Length);
            body.CopyTo(frame.AsSpan(frame.Length - body.Length));
            Send(_orders.Ours, frame, ownFile);
        }

        internal void Say(ReadOnlySpan<byte> bytes) => Send(_orders.Ours, bytes, -1);

        /// <summary>The delivery and code of the next answer.</summary>
        internal (uint Id, int Code) Code()
        {
            while (true)
            {
                if (_codes.TryTake() is { } frame)
                {
                    LocalReport answer = LocalChannel.ParseAnswer(frame);
                    return (answer.Id, answer.ExitCode);
                }

                int got = Fd.Read(_orders.Ours, _codes.Space());
                Assert.True(got > 0);
                _codes.Advance(got);
            }
        }

        internal Dictionary<uint, string> Answers(int count)
        {
            FrameReader reader = new(LocalChannel.AnswerBytesMax);
            Dictionary<uint, string> answers = [];
            while (answers.Count < count)
            {
                int got = Fd.Read(_orders.Ours, reader.Space());
                Assert.True(got > 0);
                reader.Advance(got);
                while (reader.TryTake() is { } frame)
                {
                    LocalReport answer = LocalChannel.ParseAnswer(frame);
                    answers.Add(
                        answer.Id, $"{answer.ExitCode} {ByteText.ToText(answer.Text.Span)}");
                }
            }

            return answers;
        }

        /// <summary>Hangs up, or waits until it does; what ended it, if it was not that.</summary>
        internal Exception? End(bool hangUp = true)
        {
            if (hangUp)
            {
                Fd.ShutdownWrite(_orders.Ours);
            }

            _thread.Join();
            Fd.Close(_grants.Ours);
            Fd.Close(_orders.Ours);
            return _error;
        }

        private static void Send(int socket, ReadOnlySpan<byte> bytes, int fd)
        {
            try
            {
                FdPassing.Send(socket, bytes, fd);
            }
            catch (PosixException)
            {
                // It has ended by what came before.
            }
        }
    }
}
