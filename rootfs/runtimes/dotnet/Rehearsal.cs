namespace Hearth.Runtime;

/// <summary>
/// A handler of our own, loaded and called once in a process that was started ahead of time and waits for its Init anyway: what the runtime has to find, load and compile for any handler is
/// done then. Nothing of it is seen by the function: its environment is replaced, and what it loads lies in a load context of its own.
/// </summary>
internal static class Rehearsal
{
    public static void Run()
    {
        try
        {
            Environment.SetEnvironmentVariable("LAMBDA_TASK_ROOT", AppContext.BaseDirectory);
            var type = typeof(Rehearsal);
            var handler = HandlerLoader.Load($"{type.Assembly.GetName().Name}::{type.FullName}::{nameof(HandleAsync)}");
            handler.Invoke(new InvokeRequest(1, "", 0, "", null, null, null, null, """{"Name":"x","Number":1,"Names":["x"]}"""u8.ToArray()));
        }
        catch (Exception)
        {
            // The first real start is slower then, and says what is wrong if anything is.
        }
    }

    public static async Task<Sample> HandleAsync(Sample input, IContext context)
    {
        await Task.Yield();
        return new Sample { Name = context.AwsRequestId + input.Name, Number = input.Number, Names = input.Names };
    }

    public sealed class Sample
    {
        public string? Name { get; set; }

        public int Number { get; set; }

        public List<string>? Names { get; set; }
    }

    public interface IContext
    {
        string AwsRequestId { get; }
    }
}
