using Kopis.Base;
using Kopis.Queue.Spawn;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

/// <summary>
/// Runs the core against a world that loses power, fails writes and defers mail at random, while an
/// administrator gives commands, and checks invariants 2 and 3 of the queue: nothing leaves early;
/// nothing is lost; what is durably done is never done again; no command that was answered is taken
/// back. A failing seed is in the test's name.
/// </summary>
public class CrashSimulationTests
{
    private const int Slots = 3;
    private const int SeedsInTest = 60;

    public static TheoryData<int> MoreSeeds => [.. Enumerable.Range(2, 8).Select(i => i * 1000)];

    [Theory, InlineData(0), InlineData(1000)]
    public void Nothing_is_lost_and_nothing_durably_done_is_done_again(int firstSeed) =>
        Try(firstSeed);

    [Trait("Size", "large")]
    [Theory, MemberData(nameof(MoreSeeds))]
    public void Nor_is_it_with_many_more_seeds(int firstSeed) => Try(firstSeed);

    private static void Try(int firstSeed)
    {
        for (int seed = firstSeed; seed < firstSeed + SeedsInTest; seed++)
        {
            using World world = new();
            try
            {
                new Simulation(world, new Random(seed)).Run();
            }
            catch (Exception e) when (e is Xunit.Sdk.XunitException or not PowerCutException)
            {
                string log = string.Join('\n', world.Log.TakeLast(60));
                throw new InvalidOperationException($"seed {seed}: {e.Message}\n{log}", e);
            }
        }
    }

    private sealed class Simulation(World world, Random random)
    {
        private readonly List<(Delivery Delivery, Verdict?[] Said)> _running = [];
        private readonly GivenCommands _given = new(world, random);
        private SendCore? _core;
        private long _now = Make.Born;
        private int _added;
        private int _opsToCrash;
        private bool _isCalm;

        internal void Run()
        {
            world.BeforeEach = Disturb;
            world.IntakeCode = () => !_isCalm && random.Next(4) == 0 ? 53 : 0;
            for (int life = random.Next(1, 8); life > 0; life--)
            {
                _opsToCrash = random.Next(1, 120);
                LiveUntilPowerCut();
            }

            _isCalm = true;
            Restart();
            _given.ReleaseAll();
            TurnWhile(() => world.Messages.Any(message => !message.IsAccountedFor));
            world.NewSegment();
            Restart(); // What a crash left behind is found at a start at the latest.
            TurnWhile(() => world.Segments.Count > 1 || world.Numbers().Count > 0);
        }

        private void TurnWhile(Func<bool> condition)
        {
            for (int turn = 0; condition(); turn++)
            {
                Assert.True(turn < 3000, "it does not come to an end");
                Turn();
            }
        }

        private void LiveUntilPowerCut()
        {
            if (!TryRestart())
            {
                return;
            }

            try
            {
                for (int turn = 0; turn < 60; turn++)
                {
                    Turn();
                }

                if (random.Next(2) == 0)
                {
                    _core!.SaveAll(); // A clean exit, now and then.
                }
            }
            catch (PowerCutException)
            {
                // As intended.
            }

            int left = _opsToCrash;
            _opsToCrash = int.MaxValue;
            world.Flush();
            world.Crash(random);
            _opsToCrash = left;
        }

        /// <summary>Without a disk that can be written qmail-send may give up at its start.
        /// </summary>
        private bool TryRestart()
        {
            try
            {
                Restart();
                return true;
            }
            catch (Exception e) when (e is IOException or PowerCutException)
            {
                int left = _opsToCrash;
                _opsToCrash = int.MaxValue;
                world.Crash(random);
                _opsToCrash = left;
                return false;
            }
        }

        private void Restart()
        {
            _running.Clear();
            world.EnvelopeBytesMax = random.Next(3) switch
            {
                0 => 0, // Each envelope is left on the disk.
                1 => 60,
                _ => int.MaxValue,
            };
            _core = world.Start(
                _now, batch: random.Next(2) == 0, lifetimeSeconds: 3000,
                memoryBytesMax: random.Next(3) switch
                {
                    0 => 1, // Of each submitter one at a time.
                    1 => 2000,
                    _ => long.MaxValue,
                });
            if (random.Next(2) == 0)
            {
                world.NewSegment(); // The queue writer was started anew as well.
            }

            _given.Start(_core);
        }

        private void Turn()
        {
            Arrive();
            if (!_isCalm && random.Next(4) == 0)
            {
                _given.GiveOne();
            }

            _core!.ReadNew(_now);
            foreach (DeliveryChannel channel in Enum.GetValues<DeliveryChannel>())
            {
                Order(channel);
            }

            Report();
            _given.Step(_now);
            _core.FinishMessages(_now);
            bool isHeld = !_isCalm && _core.MayHoldMarks && random.Next(2) == 0;
            if (isHeld)
            {
                _core.WriteMarks();
            }
            else
            {
                _core.MakeDurable();
            }

            world.Flush();
            if (!isHeld && !_core.MarkFailed)
            {
                world.MarksAreDurable();
                world.Clean();
                _given.Settle();
            }

            long due = _core.NextDue(roomLocal: true, roomRemote: true);
            _now = _running.Count > 0 ? _now + 1 : Math.Clamp(due, _now + 1, _now + 2000);
        }

        private void Arrive()
        {
            if (!_isCalm && _added < 30 && random.Next(2) == 0)
            {
                string[] recipients = [.. Enumerable.Range(0, random.Next(0, 6)).Select(i =>
                    $"r{i}@{(random.Next(2) == 0 ? "l" : $"h{random.Next(2)}")}.example")];
                world.Uid = (uint)random.Next(3);
                world.Add(_now, random.Next(5) == 0 ? "" : "sender@l.example", recipients);
                _core!.MoreToRead = true;
                _added++;
            }

            _core!.MoreToRead |= world.Messages.Count != 0; // The trigger of bounces.
        }

        private void Order(DeliveryChannel channel)
        {
            int used = _running.Count(r => r.Delivery.Pass.Channel == channel);
            while (used++ < Slots && _core!.Next(channel, _now) is { } delivery)
            {
                StoredMessage message = world.Message(delivery.Message.Number);
                Verdict?[] said = new Verdict?[delivery.Recipients.Length];
                string[] addresses = Make.Addresses(delivery);
                for (int i = 0; i < said.Length; i++)
                {
                    _given.RequireMayStart(delivery, addresses[i]);
                    Assert.DoesNotContain(addresses[i], message.MarkedDurably);
                    said[i] = random.Next(20) switch
                    {
                        < 10 => Verdict.Delivered,
                        < 13 => Verdict.Failed,
                        < 19 => Verdict.Retry,
                        _ => null,
                    };
                    if (said[i] == Verdict.Delivered)
                    {
                        message.Delivered.Add(addresses[i]); // Whether or not we ever hear of it.
                    }
                }

                _running.Add((delivery, said));
            }
        }

        private void Report()
        {
            for (int n = random.Next(_running.Count + 1); n > 0; n--)
            {
                int index = random.Next(_running.Count);
                (Delivery delivery, Verdict?[] said) = _running[index];
                int recipient = delivery.Reported;
                string address = Make.Addresses(delivery)[recipient];
                DeliveryReport report = new(0, said[recipient], "text\n"u8.ToArray());
                while (!TryReport(delivery, report))
                {
                    // As the loop does: again, until the disk takes it.
                }

                if (delivery.Message.State(delivery.Recipients[recipient]) == RecipientState.Done)
                {
                    world.Message(delivery.Message.Number).Reported.Add(address);
                }

                if (delivery.IsComplete)
                {
                    _running.RemoveAt(index);
                }
            }
        }

        private bool TryReport(Delivery delivery, DeliveryReport report)
        {
            try
            {
                _core!.Report(delivery, report);
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        }

        private void Disturb()
        {
            if (_isCalm || _opsToCrash == int.MaxValue)
            {
                return;
            }

            if (--_opsToCrash <= 0)
            {
                throw new PowerCutException();
            }

            if (random.Next(15) == 0)
            {
                throw new IOException("no space left on device");
            }
        }
    }
}
